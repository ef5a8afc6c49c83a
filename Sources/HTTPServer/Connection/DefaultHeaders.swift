/// A header field that is sent with every response.
public struct DefaultHeader: Sendable, Hashable {
    public let name: String
    public let value: String

    /// Text that is not a valid header field, or one of a field that the server controls.
    public struct Malformed: Error, CustomStringConvertible {
        public let description: String
    }

    /// Parses `NAME:VALUE`, as in `X-Frame-Options: DENY`. Throws `Malformed`.
    public init(_ text: String) throws {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { throw Malformed(description: "'\(text)' is not NAME:VALUE") }
        let name = parts[0].lowercased()
        let value = parts[1].trimmed
        let problem: String? = Self.withField(name, value) { field in
            if (try? ResponseFields.check(field)) == nil { return "is not a valid header field" }
            guard ResponseFields.isServerControlled(field.name) || name == "date" || name.hasPrefix("sec-websocket-")
            else { return nil }
            return "is a header field that only the server sets"
        }
        if let problem { throw Malformed(description: "'\(text)' \(problem)") }
        self.name = name
        self.value = value
    }

    private static func withField<Result>(
        _ name: String, _ value: String, _ body: (HeaderField) -> Result
    ) -> Result {
        Array(name.utf8).withUnsafeBytes { name in
            Array(value.utf8).withUnsafeBytes { value in
                body(HeaderField(name: Octets(name), value: Octets(value)))
            }
        }
    }
}

/// The lines of the header fields that the server adds to every response, ready to be copied.
struct DefaultHeaders {
    /// `server` and the fields of the configuration.
    let all: Octets
    /// The same for a response with a `server` field of its own.
    let withoutServer: Octets
    /// The same fields, not as lines; the field `server`, if there is one, is the first.
    let fields: [HeaderField]
    /// The number of fields to leave out for a response with a `server` field of its own.
    let serverCount: Int

    init(_ configuration: ServerConfiguration) {
        func lines(_ headers: [DefaultHeader]) -> String {
            headers.map { "\($0.name): \($0.value)\r\n" }.joined()
        }
        let named = configuration.headers.contains { $0.name == "server" }
        let server = configuration.serverName.isEmpty || named ? "" : "server: \(configuration.serverName)\r\n"
        self.all = Self.octets(server + lines(configuration.headers))
        let others = configuration.headers.filter { $0.name != "server" }
        self.withoutServer = Self.octets(lines(others))
        let servers =
            named ? configuration.headers.filter { $0.name == "server" }.map(\.value) : [configuration.serverName]
        let given = servers.filter { !$0.isEmpty }.map { ("server", $0) }
        self.serverCount = given.count
        self.fields = (given + others.map { ($0.name, $0.value) }).map {
            HeaderField(name: .lasting($0), value: .lasting($1))
        }
    }

    private static func octets(_ text: String) -> Octets {
        guard !text.isEmpty else { return .empty }
        let line = Array(text.utf8)
        let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: line.count)
        memory.initialize(from: line, count: line.count)
        return Octets(memory, line.count)
    }

    func deallocate() {
        self.all.data?.deallocate()
        self.withoutServer.data?.deallocate()
        for field in self.fields {
            field.name.data?.deallocate()
            field.value.data?.deallocate()
        }
    }
}
