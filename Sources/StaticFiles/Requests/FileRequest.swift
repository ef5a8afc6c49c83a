import HTTPServer

/// The header fields of a request that select the response with a file: a value without I/O.
package struct FileRequest {
    let isHead: Bool
    /// Empty if the field is missing.
    private(set) var acceptEncoding = Octets.empty
    private(set) var accept = Octets.empty
    private var ifMatch = Octets.empty
    private var ifNoneMatch = Octets.empty
    private var ifModifiedSince = Octets.empty
    private var ifUnmodifiedSince = Octets.empty
    private var ifRange = Octets.empty
    private var range = Octets.empty

    init(_ head: RequestHead) { self.init(head.fields, isHead: head.method.equals("HEAD")) }

    init(_ fields: HeaderFields, isHead: Bool) {
        self.isHead = isHead
        for field in fields {
            switch field.name.size {
            case 5 where field.name.equals("range"): self.range = field.value
            case 6 where field.name.equals("accept"): self.accept = field.value
            case 8 where field.name.equals("if-match"): self.ifMatch = field.value
            case 8 where field.name.equals("if-range"): self.ifRange = field.value
            case 13 where field.name.equals("if-none-match"): self.ifNoneMatch = field.value
            case 15 where field.name.equals("accept-encoding"): self.acceptEncoding = field.value
            case 17 where field.name.equals("if-modified-since"): self.ifModifiedSince = field.value
            case 19 where field.name.equals("if-unmodified-since"): self.ifUnmodifiedSince = field.value
            default: break
            }
        }
    }

    /// The response to a request for a file that exists.
    package enum Answer: Equatable {
        case whole
        case part(Range<Int>)
        case notModified
        case preconditionFailed
        case rangeNotSatisfiable
    }

    /// Evaluates the preconditions in the order of RFC 9110 §13.2.2. `modified`: in seconds.
    func answer(size: Int, tag: Octets, modified: Int) -> Answer {
        if self.ifMatch.size > 0 {
            guard EntityTag.list(self.ifMatch, matches: tag, isWeak: false) else { return .preconditionFailed }
        } else if self.ifUnmodifiedSince.size > 0, let date = HTTPDate.parse(self.ifUnmodifiedSince) {
            guard modified <= date else { return .preconditionFailed }
        }
        if self.ifNoneMatch.size > 0 {
            if EntityTag.list(self.ifNoneMatch, matches: tag, isWeak: true) { return .notModified }
        } else if self.ifModifiedSince.size > 0, let date = HTTPDate.parse(self.ifModifiedSince) {
            if modified <= date { return .notModified }
        }
        // Ranges are defined for GET only (§14.2).
        guard self.range.size > 0, !self.isHead, self.allowsRange(tag: tag, modified: modified) else { return .whole }
        switch ByteRange(self.range, size: size) {
        case .part(let part): return .part(part)
        case .unsatisfiable: return .rangeNotSatisfiable
        case nil: return .whole
        }
    }

    /// Whether the part that the client has is of the same contents (§13.1.5).
    private func allowsRange(tag: Octets, modified: Int) -> Bool {
        guard let first = self.ifRange.bytes.first else { return true }
        if first == UInt8(ascii: "\"") { return self.ifRange.equals(tag) }
        return HTTPDate.parse(self.ifRange) == modified
    }

    /// Whether the client is a browser that opens a page.
    var wantsPage: Bool { self.accept.text.lowercased().contains("text/html") }
}
