import HTTPServer

/// The response to a request for a file that exists.
struct FileResponse {
    private let file: StaticFile
    private let answer: FileRequest.Answer
    private let isHead: Bool

    init(_ file: StaticFile, _ answer: FileRequest.Answer, isHead: Bool) {
        self.file = file
        self.answer = answer
        self.isHead = isHead
    }

    /// The bytes that have to be read from the file; nil if the response needs none of it.
    var transferred: Range<Int>? {
        guard self.file.contents == nil, !self.isHead else { return nil }
        switch self.answer {
        case .whole: return 0..<self.file.size
        case .part(let range): return range
        case .notModified, .preconditionFailed, .rangeNotSatisfiable: return nil
        }
    }

    /// Sends a response whose bytes are in memory, and ends the exchange.
    func give(to exchange: any Exchange) {
        self.withFields { status, fields in
            switch self.answer {
            case .whole: exchange.finish(status, fields, self.isHead ? ResponseBody(.empty) : self.body(nil))
            case .part(let range): exchange.finish(status, fields, self.body(range))
            case .notModified, .preconditionFailed, .rangeNotSatisfiable:
                exchange.finish(status, fields, ResponseBody(.empty))
            }
        }
    }

    /// The kept contents. A large part is borrowed, and keeps the file until it is written.
    private func body(_ range: Range<Int>?) -> ResponseBody {
        let contents = UnsafeRawBufferPointer(self.file.contents!)
        let bytes = Octets(range.map { UnsafeRawBufferPointer(rebasing: contents[$0]) } ?? contents)
        guard bytes.size > Self.copied else { return ResponseBody(bytes) }
        return ResponseBody(
            bytes, release: { Unmanaged<StaticFile>.fromOpaque($0!).release() },
            context: Unmanaged.passRetained(self.file).toOpaque())
    }

    /// The size up to which a copy is cheaper than a reference.
    private static let copied = 16 * 1024

    /// Passes status and header fields to `body`.
    func withFields(_ body: (Int, HeaderFields) -> Void) {
        switch self.answer {
        case .whole:
            // The server adds the length of a body that it is given at once.
            let isWhole = self.file.contents != nil && !self.isHead
            body(200, isWhole ? self.file.fields : self.file.fieldsWithLength)
        case .notModified: body(304, self.file.metadata)
        case .part(let range):
            self.withRange("bytes \(range.lowerBound)-\(range.upperBound - 1)/\(self.file.size)", length: range.count) {
                body(206, $0)
            }
        // Without the fields of the file, which could let a cache keep the error in its place.
        case .rangeNotSatisfiable:
            Array("bytes */\(self.file.size)".utf8).withUnsafeBytes { range in
                Self.withField(HeaderField(name: Octets("content-range"), value: Octets(range))) { body(416, $0) }
            }
        case .preconditionFailed:
            Self.withField(HeaderField(name: Octets("etag"), value: self.file.tag)) { body(412, $0) }
        }
    }

    private static func withField(_ field: HeaderField, _ body: (HeaderFields) -> Void) {
        withUnsafePointer(to: field) { body(HeaderFields(start: $0, count: 1)) }
    }

    private func withRange(_ range: String, length: Int, _ body: (HeaderFields) -> Void) {
        Array(range.utf8).withUnsafeBytes { range in
            Array("\(length)".utf8).withUnsafeBytes { length in
                var fields = Array(self.file.fields)
                fields.append(HeaderField(name: Octets("content-range"), value: Octets(range)))
                fields.append(HeaderField(name: Octets("content-length"), value: Octets(length)))
                fields.withUnsafeBufferPointer { body($0) }
            }
        }
    }
}
