/// The settings of WebSockets. Sizes are in bytes, times in seconds.
public struct WebSocketConfiguration: Sendable {
    /// The maximum size of a message from a client, decompressed: above it the WebSocket is closed with 1009.
    public var messageSize = 16 * 1024 * 1024
    /// The limit of all incomplete messages on all loops: a WebSocket that would exceed it is closed with 1013.
    public var allMessages = 256 * 1024 * 1024
    /// The ping interval: how long a client may be silent before it is pinged. 0: no pings.
    public var pingInterval = 20
    /// The ping timeout: how long a client may stay silent after a ping before it counts as disconnected.
    public var pingTimeout = 20
    /// The close timeout: how long a client may take to answer the server's close frame.
    public var closeTime = 10
    /// Whether messages are compressed for clients that offer it (permessage-deflate, RFC 7692).
    public var deflates = true

    public init() {}
}
