import CASGI
import HTTPServer

/// The `extensions` of a scope: ASGI's names for the optional features of a connection (asgiref's extensions.rst).
enum ScopeExtensions {
    /// The first is for TLS. Then sorted by what a client must support for them; the last two are for WebSockets. Lives as
    /// long as the process.
    // SAFETY: constant once made, for the life of the process.
    private nonisolated(unsafe) static let all = {
        let names: [StaticString] = [
            "tls", "http.response.pathsend", "http.response.zerocopysend", "http.response.early_hint",
            "http.response.trailers", "websocket.http.response", "tls",
        ]
        let strings = UnsafeMutableBufferPointer<asgi_string>.allocate(capacity: names.count)
        _ = strings.initialize(from: names.map { asgi_string(Octets($0)) })
        return UnsafeBufferPointer(strings)
    }()

    /// The extensions for a request. A client of HTTP/1.0 does not know interim responses (RFC 9110 §15.2). Trailers
    /// are for clients that accept them (RFC 9110 §6.5.1).
    static func of(_ head: RequestHead, isSecure: Bool) -> UnsafeBufferPointer<asgi_string> {
        guard !head.asksForWebSocket else { return UnsafeBufferPointer(rebasing: self.all[5..<(isSecure ? 7 : 6)]) }
        let end = head.version == .http10 ? 3 : head.acceptsTrailers ? 5 : 4
        return UnsafeBufferPointer(rebasing: self.all[(isSecure ? 0 : 1)..<end])
    }
}
