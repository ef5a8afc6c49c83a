package import HTTPServer

/// A step between the server and an application. Immutable and thread-safe: one object serves all event loops.
package protocol Middleware: Sendable {
    /// Examines a request before the application gets it. Returns the response if the application does not get it.
    func examine(_ request: inout MiddlewareRequest) -> MiddlewareAnswer?

    /// Whether responses are passed to `change`.
    var changesResponses: Bool { get }

    /// Changes the header of the application's response, or of the response of a later step.
    func change(_ response: inout MiddlewareResponse, to request: MiddlewareRequest)
}

extension Middleware {
    package func examine(_ request: inout MiddlewareRequest) -> MiddlewareAnswer? { nil }
    package var changesResponses: Bool { false }
    package func change(_ response: inout MiddlewareResponse, to request: MiddlewareRequest) {}
}

/// A request as middleware sees it, and the values that its steps set. The head is valid until the exchange is recycled.
package struct MiddlewareRequest {
    package let head: RequestHead
    package let peer: Peer
    /// Whether the request comes from a trusted proxy.
    package let isFromTrustedProxy: Bool
    /// The path prefix that a proxy has removed from all requests, encoded.
    let hiddenPath: String
    /// The identifier of the request; nil without `request-id`.
    package var identifier: String?
    /// The maximum size of the request body, in bytes.
    package var bodyLimit: Int?

    /// The value of the first field with this name (in lower case); empty if there is none.
    func value(_ name: StaticString) -> Octets {
        for field in self.head.fields where field.name.equals(name) { return field.value }
        return .empty
    }
}

/// A response that middleware gives in place of the application.
package struct MiddlewareAnswer {
    package let status: Int
    package let fields: [(name: StaticString, value: String)]
    package let text: String

    init(_ status: Int, _ text: String, _ fields: [(name: StaticString, value: String)] = []) {
        self.status = status
        self.text = text
        self.fields = fields
    }
}

/// The header of a response while steps change it.
package struct MiddlewareResponse {
    package let status: Int
    package private(set) var fields: [HeaderField]
    /// Holds the values that the steps have added. Each lives as long as this value.
    private var added: [[UInt8]] = []
    /// Whether a body follows that may be changed: not a file.
    var hasBody = false
    /// The size of the body; nil if it is not known.
    var bodySize: Int?
    /// Compresses the body; nil for none.
    var compression: GzipCompression?

    init(status: Int, _ fields: HeaderFields) {
        self.status = status
        self.fields = Array(fields)
    }

    /// The value of the first field with this name, in lower case; empty if there is none.
    func value(_ name: StaticString) -> Octets {
        for field in self.fields where field.name.equalsIgnoringCase(name) { return field.value }
        return .empty
    }

    /// Adds a field whose bytes live as long as the process.
    mutating func add(_ field: HeaderField) { self.fields.append(field) }

    /// Adds a field with a value that is copied. `name` lives as long as the process.
    mutating func add(_ name: Octets, _ value: String) {
        let text = Array(value.utf8)
        self.added.append(text)
        // The array is kept until the response is sent, and its memory does not move: nothing else refers to it.
        self.fields.append(
            HeaderField(name: name, value: self.added[self.added.count - 1].withUnsafeBytes { Octets($0) }))
    }

    /// The same in place of all fields with the name.
    mutating func replace(_ name: Octets, _ value: String) {
        self.remove(name)
        self.add(name, value)
    }

    mutating func remove(_ name: Octets) {
        self.fields.removeAll { $0.name.equalsIgnoringCase(name) }
    }

    /// Adds a member to the field `vary`, unless it is there.
    mutating func vary(_ name: StaticString) {
        for field in self.fields where field.name.equalsIgnoringCase("vary") {
            if field.value.listContains(name) || field.value.listContains("*") { return }
        }
        self.add(HeaderField(name: Octets("vary"), value: Octets(name)))
    }

    func withFields<Result>(_ body: (HeaderFields) -> Result) -> Result {
        withExtendedLifetime(self.added) { self.fields.withUnsafeBufferPointer { body($0) } }
    }
}
