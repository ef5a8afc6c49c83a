/// Where a loop tells what it has served and what it refused. Loop-bound: one for every loop; must not block.
public protocol ServerLog: AnyObject {
    /// Whether `served` is wanted: if not, no clock is read for it.
    var wantsAccess: Bool { get }
    /// A response was given to the connection whole, or cut. Everything in the record is valid for the call.
    func served(_ record: AccessRecord)
    /// A client's request was refused, or its connection given up, before or instead of a response: the reason. If a response was
    /// sent `served` is called as well.
    func refused(peer: Peer, status: Int, reason: StaticString)
    /// A WebSocket was closed, since its client has sent what cannot be taken, or says nothing any more.
    func closed(peer: Peer, code: Int, reason: String)
    /// A connection waits that could not be accepted: there are no descriptors, or no memory. Comes again while it lasts.
    func couldNotAccept(reason: String)
    /// A connection to another server process has failed.
    func peerFailed(reason: String)
    /// A turn of the loop has ended: what was recorded in it may be written now.
    func turnEnded()
}

/// One served request.
public struct AccessRecord {
    public var peer: Peer
    public var head: RequestHead
    /// 0: nothing was sent.
    public var status: Int
    /// Bytes of the body, as given to the connection.
    public var bytes: Int
    public var nanoseconds: UInt64
    public var number: UInt64
    /// The response was cut: its end did not reach the connection.
    public var isCut: Bool
}
