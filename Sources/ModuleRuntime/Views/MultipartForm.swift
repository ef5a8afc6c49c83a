import CLinux
import HTTPServer

/// Why fields or a form are refused. The text is sent to the client.
struct FormFault: Error, CustomStringConvertible, Equatable {
    let description: String

    init(_ description: String) { self.description = description }
}

/// The parts of a `multipart/form-data` body (RFC 7578), with names as browsers write them (`MediaType.Quoting.form`).
/// Parts point into the body.
///
/// Strict wherever two parsers could read two different forms: a delimiter is a line of its own, the last delimiter is
/// required, and every part has one `content-disposition: form-data` with a name. The name may be empty, as `FormData`
/// allows.
struct MultipartForm {
    struct Part {
        var name: Octets
        /// The name of a file, without folders; nil for a field.
        var filename: Octets?
        var contentType: Octets
        var body: Octets
        /// Whether it is a field whose bytes were not UTF-8 and were replaced.
        var isRepaired = false
    }

    /// Returns the boundary of a `content-type`, 1 to 70 characters (RFC 2046 §5.1.1). Returns nil if the type is
    /// another one or the boundary is invalid.
    static func boundary(of contentType: Octets) -> [UInt8]? {
        guard MediaType.is(contentType, "multipart/form-data"),
            let boundary = MediaType.parameter("boundary", of: contentType), (1...70).contains(boundary.count)
        else { return nil }
        return boundary
    }

    /// Reads at most `most` parts. The arena holds names, and fields that were not UTF-8.
    static func read(
        _ body: Octets, boundary: [UInt8], most: Int, into arena: inout Arena
    ) throws(FormFault) -> [Part] {
        var lines = Self(bytes: body.bytes, boundary: boundary)
        var parts: [Part] = []
        // The preamble is ignored (RFC 2046 §5.1.1).
        guard var ending = lines.skipToDelimiter(from: 0)?.ending else {
            throw FormFault("the boundary does not occur in it")
        }
        while ending == .another {
            guard parts.count < most else { throw FormFault("more than \(most) parts (--limit-form-fields)") }
            var part = try lines.readHead(into: &arena)
            let start = lines.at
            guard let (end, next) = lines.skipToDelimiter(from: start) else {
                throw FormFault("the closing boundary is missing")
            }
            part.body = Octets(UnsafeRawBufferPointer(rebasing: lines.bytes[start..<end]))
            if part.filename == nil { (part.body, part.isRepaired) = part.body.validated(into: &arena) }
            parts.append(part)
            ending = next
        }
        return parts
    }

    private let bytes: UnsafeRawBufferPointer
    /// The delimiter with the line end before it.
    private let lineDelimiter: [UInt8]
    private var delimiter: ArraySlice<UInt8> { self.lineDelimiter.dropFirst(2) }
    private var at = 0

    private init(bytes: UnsafeRawBufferPointer, boundary: [UInt8]) {
        self.bytes = bytes
        self.lineDelimiter = [ASCII.carriageReturn, ASCII.newline] + Array("--".utf8) + boundary
    }

    private enum Ending {
        case another
        case last
    }

    /// Moves past the next delimiter that is a line of its own. Returns where the text before it ends, without its line
    /// end, or nil if there is no such delimiter.
    private mutating func skipToDelimiter(from start: Int) -> (end: Int, ending: Ending)? {
        let isFirst = self.bytes[start...].starts(with: self.delimiter)
        var line = isFirst ? start : self.nextLine(from: start)
        while let found = line {
            var at = found + self.delimiter.count
            var ending = Ending.another
            if at + 1 < self.bytes.count, self.bytes[at] == UInt8(ascii: "-"), self.bytes[at + 1] == UInt8(ascii: "-") {
                ending = .last
                at += 2
            }
            // Transport padding (RFC 2046 §5.1.1).
            while at < self.bytes.count, ASCII.isBlank(self.bytes[at]) { at += 1 }
            let isWhole = self.isLineEnd(at) || (ending == .last && at == self.bytes.count)
            if isWhole {
                self.at = min(at + 2, self.bytes.count)
                return (found == start ? start : found - 2, ending)
            }
            line = self.nextLine(from: found)
        }
        return nil
    }

    private func isLineEnd(_ at: Int) -> Bool {
        at >= 0 && at + 1 < self.bytes.count && self.bytes[at] == ASCII.carriageReturn
            && self.bytes[at + 1] == ASCII.newline
    }

    /// Returns the start of the next line that begins with the delimiter.
    private func nextLine(from start: Int) -> Int? { self.find(self.lineDelimiter, from: start).map { $0 + 2 } }

    /// The next position of the bytes, at or after `from`.
    private func find(_ what: [UInt8], from: Int) -> Int? {
        guard from <= self.bytes.count - what.count else { return nil }
        return what.withUnsafeBytes { what in
            roost_memory_find(self.bytes.baseAddress! + from, self.bytes.count - from, what.baseAddress!, what.count)
                .map { $0 - self.bytes.baseAddress! }
        }
    }

    /// Reads the header of a part and the empty line after it.
    private mutating func readHead(into arena: inout Arena) throws(FormFault) -> Part {
        var disposition: Octets?
        var contentType: Octets?
        while true {
            guard let end = self.find([ASCII.carriageReturn, ASCII.newline], from: self.at) else {
                throw FormFault("the header of a part does not end")
            }
            let line = self.bytes[self.at..<end]
            self.at = end + 2
            if line.isEmpty { break }
            guard !line.starts(with: self.delimiter) else { throw FormFault("the header of a part does not end") }
            // Another parser could end a line or a text there. Browsers do not escape other control characters.
            guard line.allSatisfy({ $0 != 0 && $0 != ASCII.newline && $0 != ASCII.carriageReturn }) else {
                throw FormFault("NUL or a bare CR or LF in the header of a part")
            }
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), line[..<colon].allSatisfy(ASCII.isToken),
                colon > line.startIndex
            else { throw FormFault("malformed header line in a part") }
            let name = Octets(UnsafeRawBufferPointer(rebasing: line[..<colon]))
            let value = Octets(UnsafeRawBufferPointer(rebasing: line[(colon + 1)...]))
            if name.equalsIgnoringCase("content-disposition") {
                guard disposition == nil else { throw FormFault("more than one content-disposition in a part") }
                disposition = value
            } else if name.equalsIgnoringCase("content-type") {
                guard contentType == nil else { throw FormFault("more than one content-type in a part") }
                contentType = value.trimmed
            }
        }
        guard let disposition, MediaType.is(disposition, "form-data") else {
            throw FormFault("a part without 'content-disposition: form-data'")
        }
        guard let parameters = MediaType.parameters(of: disposition, quoting: .form) else {
            throw FormFault("malformed content-disposition in a part")
        }
        guard let name = MediaType.parameter("name", in: parameters) else {
            throw FormFault("a part without a name")
        }
        func keep(_ text: [UInt8], _ arena: inout Arena) -> Octets {
            let kept = text.withUnsafeBytes { arena.copy($0) }
            return kept.validated(into: &arena).0
        }
        var part = Part(name: keep(name, &arena), filename: nil, contentType: contentType ?? .empty, body: .empty)
        if let filename = MediaType.parameter("filename", in: parameters) {
            // Some clients send a path. It must not decide where a module writes (RFC 7578 §4.2).
            let base =
                filename.split(whereSeparator: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }).last ?? []
            let isFolder = base.elementsEqual("..".utf8) || base.elementsEqual(".".utf8)
            part.filename = keep(isFolder ? [] : Array(base), &arena)
        }
        return part
    }
}
