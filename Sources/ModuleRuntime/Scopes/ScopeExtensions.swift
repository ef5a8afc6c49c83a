import CASGI
import HTTPServer

/// The `extensions` of a scope: ASGI's names for the optional features of a connection (asgiref's extensions.rst).
enum ScopeExtensions {
    /// Sorted by what a client must support for them; the last is for WebSockets. Lives as long as the process.
    // SAFETY: constant once made, for the life of the process.
    private nonisolated(unsafe) static let all = {
        let names: [StaticString] = [
            "http.response.pathsend", "http.response.zerocopysend", "http.response.early_hint",
            "http.response.trailers", "websocket.http.response",
        ]
        let strings = UnsafeMutableBufferPointer<asgi_string>.allocate(capacity: names.count)
        _ = strings.initialize(from: names.map { asgi_string(Octets($0)) })
        return UnsafeBufferPointer(strings)
    }()

    /// The extensions for a request. A client of HTTP/1.0 does not know interim responses (RFC 9110 §15.2). Trailers
    /// are for clients that accept them (RFC 9110 §6.5.1).
    static func of(_ head: RequestHead) -> UnsafeBufferPointer<asgi_string> {
        guard !head.asksForWebSocket else { return UnsafeBufferPointer(rebasing: self.all.suffix(1)) }
        return UnsafeBufferPointer(
            rebasing: self.all.prefix(head.version == .http10 ? 2 : head.acceptsTrailers ? 4 : 3))
    }
}
