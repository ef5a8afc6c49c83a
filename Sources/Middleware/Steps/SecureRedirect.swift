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
        var target = head.prefix.text + request.hiddenPath + head.rawPath.text
        if head.query.size > 0 { target += "?" + head.query.text }
        let location =
            "https://\(HostName(head.authority).text)\(self.port.map { $0 == 443 ? "" : ":\($0)" } ?? "")\(target)"
        // With 308 the client sends its body again (RFC 9110 §15.4.9).
        let isSafe = head.method.equals("GET") || head.method.equals("HEAD")
        return MiddlewareAnswer(isSafe ? 301 : 308, "", [("location", location)])
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
