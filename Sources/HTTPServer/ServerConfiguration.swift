/// The settings of a server. Sizes are bytes, times seconds.
public struct ServerConfiguration: Sendable {
    public var limits = HTTP1Limits()
    public var webSocket = WebSocketConfiguration()
    /// The value of the `server` header field of responses; empty: none is sent.
    public var serverName = "roost"
    /// Connections that the kernel keeps until a loop accepts them.
    public var backlog = 2048
    /// The largest number of connections of all loops: above it 503. Nil: as many as there are descriptors.
    public var connections: Int?
    /// The largest number of exchanges of one connection that have not ended, though their responses may be complete: while there are as
    /// many, no further request is begun.
    public var unfinished = 100
    /// Bytes of a connection that are read ahead of what handlers receive.
    public var readWindow = 64 * 1024
    /// The high-water mark of pending output per connection: above it `send` is `.pending`.
    public var writeMark = 64 * 1024
    /// The limit of pending output per connection: above it `send` is `.full`.
    public var writeLimit = 1024 * 1024
    /// The largest number of files that are sent to a client at a time, each with a descriptor: above it `send` is `.full`.
    public var files = 64
    /// The largest rest of a request body that is read and dropped, so that the connection can be kept.
    public var unreadBody = 64 * 1024
    /// The time that a connection is kept without a request.
    public var keepAliveTime = 75
    /// The time for a request header, from its first byte.
    public var headTime = 60
    /// The time without progress of a request body that a handler waits for.
    public var bodyTime = 60
    /// The time without progress of the output to a client.
    public var writeTime = 60
    /// The drain timeout: how long requests may continue after a stop.
    public var graceTime = 30
    /// The time until a connection that was closed is reset, in which its client can notice the end.
    public var lingerTime = 2
    /// The time after a client has ended its side of the connection until it counts as gone (RFC 9112 §9.6).
    public var halfCloseTime = 5

    public init() {}
}
