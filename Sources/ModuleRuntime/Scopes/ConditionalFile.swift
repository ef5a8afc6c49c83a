import HTTPServer
import StaticFiles

/// A file as a complete response, whose status depends on the conditions and the range of the request (RFC 9110 §13,
/// §14). The module's fields are sent with it.
struct ConditionalFile {
    private let file: ResponseFile
    private let exchange: any Exchange
    private let given: HeaderFields
    private let isTaken: Bool

    private typealias Field = (name: StaticString, value: String)
    private static let typeName: StaticString = "content-type"

    /// `given`: the header fields of the module.
    init(_ file: ResponseFile, _ given: HeaderFields, to exchange: any Exchange, isTaken: Bool) {
        self.file = file
        self.given = given
        self.exchange = exchange
        self.isTaken = isTaken
    }

    /// Sends the response. `name`: the path or the name of the file, for its type, unless the module sends one.
    func send(named name: Octets) -> SendOutcome {
        let size = self.file.count
        let isTyped = self.isGiven("content-type") || name.size == 0
        let type: [Field] = isTyped ? [] : [(Self.typeName, FileMediaType.of(name.text))]
        guard let validators else { return self.send(200, 0..<size, type) }
        let metadata: [Field] = [("etag", validators.tag), ("last-modified", validators.lastModified)]
        let isHead = self.exchange.head.method.equals("HEAD")
        switch validators.answer(self.exchange.head.fields, isHead: isHead, size: size) {
        case .whole: return self.send(200, 0..<size, type + metadata + [("accept-ranges", "bytes")])
        case .part(let range):
            let part = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)"
            return self.send(206, range, type + metadata + [("content-range", part)])
        case .notModified: return self.respond(304, metadata)
        case .preconditionFailed: return self.respond(412, [metadata[0]])
        case .rangeNotSatisfiable: return self.respond(416, [("content-range", "bytes */\(size)")])
        }
    }

    /// The validators of the file; nil for a request that they do not concern, and if the module sends its own.
    private var validators: FileValidators? {
        let method = self.exchange.head.method
        guard method.equals("GET") || method.equals("HEAD"), !self.isGiven("etag"), !self.isGiven("last-modified")
        else {
            return nil
        }
        return FileValidators(descriptor: self.file.descriptor)
    }

    private func isGiven(_ name: StaticString) -> Bool { self.given.contains { $0.name.equalsIgnoringCase(name) } }

    private func send(_ status: Int, _ range: Range<Int>, _ fields: [Field]) -> SendOutcome {
        let isWhole = range == 0..<self.file.count
        guard let part = isWhole ? self.file : self.file.part(range) else { return .full }
        let started = self.withFields(fields + [("content-length", "\(range.count)")]) {
            self.exchange.start(status: status, fields: $0, trailers: false)
        }
        guard started.isAccepted else { return started }
        return self.exchange.send(part, more: false, isTaken: self.isTaken)
    }

    private func respond(_ status: Int, _ fields: [Field]) -> SendOutcome {
        self.withFields(fields) {
            var body = ResponseBody(.empty)
            body.isTaken = self.isTaken
            return self.exchange.respond(status: status, fields: $0, body: body)
        }
    }

    private func withFields(_ more: [Field], _ body: (HeaderFields) -> SendOutcome) -> SendOutcome {
        let list = FieldList(most: max(more.count, 1))
        for (name, value) in more {
            Array(value.utf8).withUnsafeBytes { list.append(name: Octets(name).bytes, value: $0) }
        }
        return (Array(self.given) + list.fields).withUnsafeBufferPointer { fields in
            withExtendedLifetime(list) { body(fields) }
        }
    }
}
