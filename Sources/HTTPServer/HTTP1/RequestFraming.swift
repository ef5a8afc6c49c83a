/// What the head of a request says about its body and its connection (RFC 9112 §6, §9.3; RFC 9110 §10.1.1).
struct RequestFraming: Equatable {
    var contentLength: Int?
    var isChunked = false
    /// The client asked for the connection to be closed.
    var close = false
    /// A client of HTTP/1.0 asked for the connection to be kept.
    var keepAlive = false
    /// The client waits for 100 before it sends the body.
    var expectsContinue = false
    /// The client asks for another protocol, and this one is among those it knows (RFC 9110 §7.8).
    var upgrades = false
    var knowsWebSocket = false
    /// The client takes trailers behind the response's body (RFC 9110 §10.1.4).
    var acceptsTrailers = false

    var hasBody: Bool { self.isChunked || (self.contentLength ?? 0) > 0 }
}
