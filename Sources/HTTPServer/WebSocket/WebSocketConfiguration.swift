/// What an operator can choose about WebSockets. Sizes are bytes, times seconds.
public struct WebSocketConfiguration: Sendable {
    /// The largest message from a client, decompressed, in bytes: above it the WebSocket is closed with 1009.
    public var messageSize = 16 * 1024 * 1024
    /// Bytes of all messages that are under assembly, of all loops: above it the socket that asks for more gets 1013.
    public var allMessages = 256 * 1024 * 1024
    /// How long a client may say nothing until it is pinged. 0: it never is.
    public var pingInterval = 20
    /// How long it may then go on to say nothing until it is taken to be gone.
    public var pingTimeout = 20
    /// How long a client may take to answer our close.
    public var closeTime = 10
    /// Whether messages are compressed where the client can do it (permessage-deflate, RFC 7692).
    public var deflates = true

    public init() {}
}
