import HTTPServer

/// `request-id`: gives each request an identifier, which the application gets in a header field, and which is in the
/// access log and in the response. That of a trusted proxy is kept.
struct RequestIdentifier: Middleware {
    private let name: Octets

    init(_ options: MiddlewareOptions) throws(MiddlewareFault) {
        let name = (options.text("header") ?? "x-request-id").lowercased()
        guard !name.isEmpty, name.utf8.allSatisfy(ASCII.isToken) else {
            throw options.fault("header", "'\(name)' is not the name of a header field")
        }
        self.name = .lasting(name)
    }

    func examine(_ request: inout MiddlewareRequest) -> MiddlewareAnswer? {
        var given = Octets.empty
        for field in request.head.fields where field.name.equals(self.name) { given = field.value }
        let isKept = request.isFromTrustedProxy && Self.isValid(given)
        // Another step may have given it one, for a field with another name.
        let identifier = request.identifier ?? (isKept ? given.text : Self.make())
        request.identifier = identifier
        request.head.setIdentifier(identifier, field: self.name)
        return nil
    }

    /// 16 random bytes.
    private static func make() -> String {
        var generator = SystemRandomNumberGenerator()
        let digits = (0..<2).map { _ in
            let text = String(generator.next(), radix: 16)
            return String(repeating: "0", count: 16 - text.count) + text
        }
        return digits.joined()
    }

    /// Whether a proxy's identifier is safe to log: UUIDs, hexadecimal numbers and base64 are.
    private static func isValid(_ text: Octets) -> Bool {
        1...128 ~= text.size && text.bytes.allSatisfy { ASCII.isToken($0) || "/=:@".utf8.contains($0) }
    }

    var changesResponses: Bool { true }

    func change(_ response: inout MiddlewareResponse, to request: MiddlewareRequest) {
        guard let identifier = request.identifier else { return }
        response.remove(self.name)
        response.add(self.name, identifier)
    }
}

// SAFETY: the name is constant, and its bytes live as long as the process.
extension RequestIdentifier: @unchecked Sendable {}
