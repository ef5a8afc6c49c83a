/// The limits of HTTP/2 connections. Sizes are in bytes.
public struct HTTP2Limits: Sendable {
    /// The number of frames that a client may send at once, and the time after which it may send that number again.
    public struct Rate: Sendable, Hashable {
        public var burst: Int
        /// The time, in seconds.
        public var seconds: Int

        public init(burst: Int, seconds: Int) {
            self.burst = burst
            self.seconds = seconds
        }
    }

    /// Whether HTTP/2 is served at all.
    public var isServed = true
    /// The number of open exchanges: above it further ones are refused. An exchange is open until its owner ends it, so
    /// that a reset frees nothing.
    public var streams = 100
    /// Resets, of the client and because of it: above it the connection is ended.
    public var resets = Rate(burst: 1000, seconds: 30)
    /// Malformed frames, and frames for streams that have ended: above it the connection is ended.
    public var glitches = Rate(burst: 1000, seconds: 10)
    /// Frames without an effect: above it the connection is ended.
    public var idleFrames = Rate(burst: 10_000, seconds: 10)
    /// CONTINUATION frames of a header: above it the connection is ended.
    public var continuations = 8
    /// The bytes of a request body that may be unread, of one stream and of all streams of a connection.
    public var streamWindow = 256 * 1024
    public var connectionWindow = 1024 * 1024
    /// The bytes of responses that may be pending, of all streams of a connection: above it no further request begins, and
    /// `send` returns `.full` for those that have output pending.
    public var output = 4 * 1024 * 1024
    /// Whether WebSockets are offered (RFC 8441).
    public var offersWebSockets = true

    public init() {}
}
