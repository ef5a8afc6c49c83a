/// What an operator can choose about serving. Sizes are bytes, times seconds.
public struct ServerConfiguration: Sendable {
    public var limits = HTTP1Limits()
    public var webSocket = WebSocketConfiguration()
    /// The value of the `server` field of responses; empty: none is sent.
    public var serverName = "roost"
    /// Connections that the kernel keeps until a loop accepts them.
    public var backlog = 2048
    /// Connections at once, of all loops: above it 503. Nil: as many as there are descriptors.
    public var connections: Int?
    /// Requests of one connection whose scopes have not ended, though their responses may be complete: while there are as many,
    /// no further one is begun.
    public var unfinished = 100
    /// Bytes read ahead of what somebody receives, a connection.
    public var readWindow = 64 * 1024
    /// Bytes under way to a client above which `send` is `.pending`.
    public var writeMark = 64 * 1024
    /// Bytes under way to a client above which `send` is `.full`.
    public var writeLimit = 1024 * 1024
    /// Files on their way to a client at once, each with a descriptor: above it `send` of another is `.full`.
    public var files = 64
    /// Bytes of a request's body that are read and dropped when nobody received them, so that the connection can be kept.
    public var unreadBody = 64 * 1024
    /// How long a connection is kept without a request.
    public var keepAliveTime = 75
    /// How long a request's head may take, from its first byte.
    public var headTime = 60
    /// How long nothing of a body may come while somebody waits for it.
    public var bodyTime = 60
    /// How long a client may take nothing of what is sent to it.
    public var writeTime = 60
    /// How long requests may go on after a stop.
    public var graceTime = 30
    /// How long a client may take to notice that its connection is closed, before it is reset.
    public var lingerTime = 2
    /// How long after a client has ended its side of the connection it is taken to be there still (RFC 9112 §9.6).
    public var halfCloseTime = 5

    public init() {}
}
