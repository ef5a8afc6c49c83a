import CASGI
import HTTPServer

/// ASGI's names of what a connection can do besides (asgiref's extensions.rst): the `extensions` of a scope.
enum ScopeExtensions {
    /// Live as long as the process.
    private nonisolated(unsafe) static let http11 = {
        let names: [StaticString] = ["http.response.early_hint"]
        let strings = UnsafeMutableBufferPointer<asgi_string>.allocate(capacity: names.count)
        _ = strings.initialize(from: names.map { asgi_string(Octets($0)) })
        return UnsafeBufferPointer(strings)
    }()

    /// A client of HTTP/1.0 does not know interim responses (RFC 9110 §15.2).
    static func of(_ version: HTTPVersion) -> UnsafeBufferPointer<asgi_string> {
        version == .http10 ? UnsafeBufferPointer(start: nil, count: 0) : self.http11
    }
}
