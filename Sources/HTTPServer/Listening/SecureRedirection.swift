/// Answers the requests of a listener that redirects to TLS.
struct SecureRedirection {
    /// The port of the URLs; nil for the usual one.
    private let port: Int?
    private let exception: String?

    init(_ security: ListenerSecurity, _ configuration: ServerConfiguration) {
        self.port = security.redirectPort ?? configuration.securePort
        self.exception = configuration.unredirectedPath
    }

    /// Answers the request, unless it has to be answered as usual. Returns whether it was answered.
    func answer(_ exchange: any Exchange) -> Bool {
        let head = exchange.head
        if let exception, head.path.text.hasPrefix(exception) { return false }
        // A browser follows no redirect of a handshake.
        guard !head.asksForWebSocket else {
            exchange.finish(403, text: "Forbidden: use wss")
            return true
        }
        guard head.authority.size > 0 else {
            exchange.finish(400, text: "Bad Request: no host")
            return true
        }
        let location = Array(SecureLocation.of(head, port: self.port).utf8)
        location.withUnsafeBytes {
            let field = HeaderField(name: Octets("location"), value: Octets($0))
            exchange.finish(SecureLocation.status(for: head), text: "", [field])
        }
        return true
    }
}
