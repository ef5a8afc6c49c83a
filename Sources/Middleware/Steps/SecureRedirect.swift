import HTTPServer

/// `https-redirect`: redirects requests that were not made over TLS, and has browsers use TLS from then on (HSTS,
/// RFC 6797). The scheme is that of the client: a trusted proxy states it.
struct SecureRedirect: Middleware {
    private let port: Int?
    private let transportSecurity: HeaderField?

    init(_ options: MiddlewareOptions) throws(MiddlewareFault) {
        self.port = try options.number("port", 1...65535)
        let (subdomains, preload) = (try options.flag("subdomains"), try options.flag("preload"))
        guard let age = try options.number("hsts", 0...Int.max) else {
            guard !subdomains, !preload else { throw options.fault("subdomains", "needs hsts, a number of seconds") }
            self.transportSecurity = nil
            return
        }
        self.transportSecurity = HeaderField(
            name: Octets("strict-transport-security"),
            value: .lasting("max-age=\(age)\(subdomains ? "; includeSubDomains" : "")\(preload ? "; preload" : "")"))
    }

    func examine(_ request: inout MiddlewareRequest) -> MiddlewareAnswer? {
        let head = request.head
        guard head.scheme == .http, head.authority.size > 0 else { return nil }
        // A browser follows no redirect of a handshake.
        guard !head.asksForWebSocket else { return MiddlewareAnswer(403, "Forbidden: use wss") }
        let location = SecureLocation.of(head, port: self.port, hiddenPath: request.hiddenPath)
        return MiddlewareAnswer(SecureLocation.status(for: head), "", [("location", location)])
    }

    var changesResponses: Bool { self.transportSecurity != nil }

    func change(_ response: inout MiddlewareResponse, to request: MiddlewareRequest) {
        // Ignored by browsers over plain HTTP, and not allowed there (RFC 6797 §7.2).
        guard let transportSecurity, request.head.scheme == .https,
            response.value("strict-transport-security").size == 0
        else { return }
        response.add(transportSecurity)
    }
}

// SAFETY: the field is constant, and its bytes live as long as the process.
extension SecureRedirect: @unchecked Sendable {}
