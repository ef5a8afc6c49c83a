import HTTPServer
import RoostSettings

/// `cors`: lets pages of other origins read responses (the Fetch standard, "CORS protocol").
struct CrossOrigin: Middleware {
    private let origins: WebSocketOrigins
    private let isAny: Bool
    private let methods: [String]
    /// Nil for all that are asked for.
    private let headers: [String]?
    private let exposed: String
    private let allowsCredentials: Bool
    private let maxAge: Int?

    /// Methods that need no permission.
    private static let simple = ["GET", "HEAD", "POST"]

    init(_ options: MiddlewareOptions) throws(MiddlewareFault) {
        let texts = options.texts("origins", splits: true)
        self.isAny = texts == ["*"] || texts == ["any"]
        do {
            self.origins = self.isAny ? .any : try WebSocketOrigins(texts)
        } catch { throw options.fault("origins", error.message) }
        self.methods = options.texts("methods", splits: true).map { $0.uppercased() }
        let headers = options.texts("headers", splits: true).map { $0.lowercased() }
        for name in headers where name != "*" && !name.utf8.allSatisfy(ASCII.isToken) {
            throw options.fault("headers", "'\(name)' is not the name of a header field")
        }
        self.headers = headers == ["*"] ? nil : headers
        self.exposed = options.texts("expose", splits: true).joined(separator: ", ")
        self.allowsCredentials = try options.flag("credentials")
        self.maxAge = try options.number("max-age", 0...86_400)
        guard !self.isAny || !self.allowsCredentials else {
            throw options.fault(
                "credentials", "with all origins every page could act as the user; name the origins")
        }
    }

    func examine(_ request: inout MiddlewareRequest) -> MiddlewareAnswer? {
        let method = request.value("access-control-request-method")
        guard request.head.method.equals("OPTIONS"), method.size > 0, request.value("origin").size > 0 else {
            return nil
        }
        // Answered without permission if the origin is not allowed: the browser then sends no request.
        guard self.allows(request) else { return MiddlewareAnswer(204, "", [("vary", "origin")]) }
        var fields: [(name: StaticString, value: String)] = []
        let allowed = self.methods + Self.simple.filter { !self.methods.contains($0) }
        fields.append(("access-control-allow-methods", allowed.joined(separator: ", ")))
        let wanted = request.value("access-control-request-headers").text
        if let headers = self.headers {
            if !headers.isEmpty { fields.append(("access-control-allow-headers", headers.joined(separator: ", "))) }
        } else if !wanted.isEmpty {
            fields.append(("access-control-allow-headers", wanted))
        }
        if let maxAge { fields.append(("access-control-max-age", "\(maxAge)")) }
        return MiddlewareAnswer(204, "", fields)
    }

    private func allows(_ request: MiddlewareRequest) -> Bool {
        self.origins.allow(origin: request.value("origin"), authority: request.head.authority)
    }

    var changesResponses: Bool { true }

    func change(_ response: inout MiddlewareResponse, to request: MiddlewareRequest) {
        let origin = request.value("origin")
        if self.isAny {
            // Also without an origin: a cache may give the response to a page.
            response.replace(Octets("access-control-allow-origin"), "*")
        } else {
            // A cache must not give the response of one origin to another.
            response.vary("origin")
            guard origin.size > 0, self.allows(request) else { return }
            response.replace(Octets("access-control-allow-origin"), origin.text)
        }
        if self.allowsCredentials { response.replace(Octets("access-control-allow-credentials"), "true") }
        if !self.exposed.isEmpty, !request.head.method.equals("OPTIONS") {
            response.replace(Octets("access-control-expose-headers"), self.exposed)
        }
    }
}
