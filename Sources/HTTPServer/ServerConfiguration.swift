/// The settings of a server. Sizes are in bytes, times in seconds.
public struct ServerConfiguration: Sendable {
    public var limits = HTTP1Limits()
    public var webSocket = WebSocketConfiguration()
    public var http2 = HTTP2Limits()
    /// The value of the `server` header field of responses. If empty, the field is not sent.
    public var serverName = "roost"
    /// Whether responses get the `date` header field (RFC 9110 §6.6.1).
    public var sendsDate = true
    /// Header fields that every response gets, in addition to those of the application.
    public var headers: [DefaultHeader] = []
    /// The bodies of the answers that the server gives itself.
    package var errorPages = ErrorPages.standard
    /// The proxies that are believed.
    public var trustedPeers = TrustedPeers.local
    /// How the header fields of proxies are evaluated. If nil, all fields are left as they are.
    public var forwarding: ForwardingRules? = ForwardingRules()
    /// The listen backlog: connections that the kernel queues until a loop accepts them.
    public var backlog = 2048
    /// The maximum number of connections of all loops: above it 503. If nil, only the descriptor limit applies.
    public var connections: Int?
    /// The maximum number of unfinished exchanges per connection. At this number the connection starts no further
    /// request. An exchange is unfinished until its owner ends it, even if its response is complete.
    public var unfinished = 100
    /// The read-ahead window per connection: input that handlers have not received yet.
    public var readWindow = 64 * 1024
    /// The high-water mark of pending output per connection: above it `send` returns `.pending`.
    public var writeMark = 64 * 1024
    /// The limit of pending output per connection: above it `send` returns `.full`.
    public var writeLimit = 1024 * 1024
    /// The maximum number of files in transfer per connection, each with a descriptor: above it `send` returns `.full`.
    public var files = 64
    /// The maximum size of an unread request body that is read and dropped to keep the connection open.
    public var unreadBody = 64 * 1024
    /// The keep-alive timeout: how long an idle connection stays open.
    public var keepAliveTime = 75
    /// The timeout for a request header, from its first byte.
    public var headTime = 60
    /// The timeout for the PROXY protocol header of a connection.
    public var proxyHeaderTime = 5
    /// The timeout for a TLS handshake.
    public var handshakeTime = 10
    /// The port of the first listener with TLS, to which listeners without it redirect.
    package var securePort: Int?
    /// The path prefix whose requests are not redirected; nil for none. Certificate authorities ask there over plain HTTP
    /// (RFC 8555 §8.3).
    package var unredirectedPath: String?
    /// The timeout without progress of a request body that a handler waits for.
    public var bodyTime = 60
    /// The write timeout: time without progress of pending output before the connection is closed.
    public var writeTime = 60
    /// The drain timeout: how long requests may continue after a shutdown has started.
    public var graceTime = 30
    /// The linger time: after its last write, how long the server waits for the client to close first.
    public var lingerTime = 2
    /// The time after a client's half-close until the client counts as disconnected (RFC 9112 §9.6).
    public var halfCloseTime = 5

    public init() {}
}
