/// Receives the log events of one loop. Loop-bound: one instance per loop; must not block.
public protocol ServerLog: AnyObject {
    /// Whether `served` is to be called. If not, the loop does not read the clock for it.
    var logsRequests: Bool { get }
    /// Logs a response that was given to the connection completely, or was cut. The record is valid during the call.
    func served(_ record: AccessRecord)
    /// Logs why a request was refused, or its connection closed, before or instead of a response. If a response is
    /// sent, `served` is called as well.
    func refused(peer: Peer, status: Int, reason: StaticString)
    /// Logs why a connection was closed without a response.
    func refused(peer: Peer, reason: StaticString)
    /// Logs why a TLS handshake was not completed.
    func handshakeFailed(peer: Peer, reason: String)
    /// Logs that the server closed a WebSocket because its client sent invalid data or stopped responding.
    func closed(peer: Peer, code: Int, reason: String)
    /// Logs that a connection could not be accepted, for lack of descriptors or memory. Repeated while this lasts.
    func acceptFailed(reason: String)
    /// Logs that a connection to another server process has failed.
    func peerFailed(reason: String)
    /// Called at the end of a turn, when the events of the turn may be written.
    func turnEnded()
}

/// The access log record of one request.
public struct AccessRecord {
    public var peer: Peer
    public var head: RequestHead
    /// The status; 0 if nothing was sent.
    public var status: Int
    /// The bytes of the body that were given to the connection.
    public var bytes: Int
    public var nanoseconds: UInt64
    public var number: UInt64
    /// Whether the response was cut: its end was not given to the connection.
    public var isCut: Bool
}
