import HTTPServer

/// `headers`: adds, replaces and removes header fields of responses.
struct ResponseHeaders: Middleware {
    private let removed: [Octets]
    private let replaced: [HeaderField]
    private let added: [HeaderField]

    init(_ options: MiddlewareOptions) throws(MiddlewareFault) {
        func fields(_ name: String) throws(MiddlewareFault) -> [HeaderField] {
            var fields: [HeaderField] = []
            for text in options.texts(name) {
                do {
                    let field = try DefaultHeader(text)
                    fields.append(HeaderField(name: .lasting(field.name), value: .lasting(field.value)))
                } catch { throw options.fault(name, "\(error)") }
            }
            return fields
        }
        self.added = try fields("add")
        self.replaced = try fields("set")
        var removed: [Octets] = []
        for text in options.texts("remove", splits: true) {
            guard !text.isEmpty, text.utf8.allSatisfy(ASCII.isToken) else {
                throw options.fault("remove", "'\(text)' is not the name of a header field")
            }
            guard !["server", "date"].contains(text.lowercased()) else {
                throw options.fault("remove", "the server adds '\(text)'; use --no-\(text.lowercased())-header")
            }
            removed.append(.lasting(text.lowercased()))
        }
        self.removed = removed
        guard !self.added.isEmpty || !self.replaced.isEmpty || !removed.isEmpty else {
            throw options.fault("set", "names no field; example: set=x-frame-options:DENY")
        }
    }

    var changesResponses: Bool { true }

    func change(_ response: inout MiddlewareResponse, to request: MiddlewareRequest) {
        for name in self.removed { response.remove(name) }
        for field in self.replaced {
            response.remove(field.name)
            response.add(field)
        }
        for field in self.added { response.add(field) }
    }
}

// SAFETY: the fields are constant, and their bytes live as long as the process.
extension ResponseHeaders: @unchecked Sendable {}
