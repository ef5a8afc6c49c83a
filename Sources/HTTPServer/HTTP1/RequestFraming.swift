/// What a request header says about body and connection (RFC 9112 §6, §9.3; RFC 9110 §10.1.1).
struct RequestFraming: Equatable {
    var contentLength: Int?
    var isChunked = false
    /// Whether the client asked to close the connection.
    var close = false
    /// Whether the client asked to keep the connection open. Used for HTTP/1.0.
    var keepAlive = false
    /// Whether the client waits for 100 before it sends the body.
    var expectsContinue = false
    /// Whether the client asks for an upgrade, and whether it offers WebSocket (RFC 9110 §7.8).
    var upgrades = false
    var knowsWebSocket = false
    /// Whether the client accepts trailers after the response body (RFC 9110 §10.1.4).
    var acceptsTrailers = false

    var hasBody: Bool { self.isChunked || (self.contentLength ?? 0) > 0 }
}
