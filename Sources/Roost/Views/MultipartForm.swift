import CLinux
import HTTPServer

/// Why fields or a form are refused: for whoever sent them.
struct FormFault: Error, CustomStringConvertible, Equatable {
    let description: String

    init(_ description: String) { self.description = description }
}

/// The parts of a `multipart/form-data` body (RFC 7578), which points into it.
///
/// Strict where leniency would let two readers see two forms: a delimiter stands at the beginning of a line and ends with it, the last one is
/// there, every part has a head with one `content-disposition: form-data` and a name.
struct MultipartForm {
    struct Part {
        var name: Octets
        /// Nil: it is a field. Without any folder.
        var filename: Octets?
        var contentType: Octets
        var body: Octets
        /// It is a field, and was no UTF-8.
        var isMended = false
    }

    /// `boundary` of a `content-type`; nil: it is another one, or has none (RFC 2046 §5.1.1: 1 to 70 characters).
    static func boundary(of contentType: Octets) -> [UInt8]? {
        guard MediaType.is(contentType, "multipart/form-data"),
            let boundary = MediaType.parameter("boundary", of: contentType), (1...70).contains(boundary.count)
        else { return nil }
        return boundary
    }

    /// At most `most` parts. Texts that had to be unescaped, or were no UTF-8, are in the arena.
    static func read(
        _ body: Octets, boundary: [UInt8], most: Int, into arena: inout Arena
    ) throws(FormFault) -> [Part] {
        var lines = Self(bytes: body.bytes, boundary: boundary)
        var parts: [Part] = []
        // What comes before the first delimiter is nobody's (RFC 2046 §5.1.1).
        guard var ending = lines.skipToDelimiter(from: 0)?.ending else { throw FormFault("its boundary is not in it") }
        while ending == .another {
            guard parts.count < most else { throw FormFault("it has more than \(most) parts (--limit-form-fields)") }
            var part = try lines.readHead(into: &arena)
            let start = lines.at
            guard let (end, next) = lines.skipToDelimiter(from: start) else {
                throw FormFault("its last boundary is missing")
            }
            part.body = Octets(UnsafeRawBufferPointer(rebasing: lines.bytes[start..<end]))
            if part.filename == nil { (part.body, part.isMended) = part.body.validated(into: &arena) }
            parts.append(part)
            ending = next
        }
        return parts
    }

    private let bytes: UnsafeRawBufferPointer
    /// With the line's end before it.
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

    /// Behind the next delimiter that is a line of its own; says where what is before it ends, without its line's end. Nil: there is none.
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
            // Padding (RFC 2046 §5.1.1).
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

    /// The next line that begins with the delimiter.
    private func nextLine(from start: Int) -> Int? { self.find(self.lineDelimiter, from: start).map { $0 + 2 } }

    /// Where the bytes are, from here on.
    private func find(_ what: [UInt8], from: Int) -> Int? {
        guard from <= self.bytes.count - what.count else { return nil }
        return what.withUnsafeBytes { what in
            roost_memory_find(self.bytes.baseAddress! + from, self.bytes.count - from, what.baseAddress!, what.count)
                .map { $0 - self.bytes.baseAddress! }
        }
    }

    /// The head of a part, to the empty line behind it.
    private mutating func readHead(into arena: inout Arena) throws(FormFault) -> Part {
        var disposition: Octets?
        var contentType: Octets?
        while true {
            guard let end = self.find([ASCII.carriageReturn, ASCII.newline], from: self.at) else {
                throw FormFault("a part has no end of its head")
            }
            let line = self.bytes[self.at..<end]
            self.at = end + 2
            if line.isEmpty { break }
            guard !line.starts(with: self.delimiter) else { throw FormFault("a part has no end of its head") }
            // Others end a line, or a text, there.
            guard line.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == ASCII.tab }) else {
                throw FormFault("a part has a control character in its head")
            }
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), line[..<colon].allSatisfy(ASCII.isToken),
                colon > line.startIndex
            else { throw FormFault("a part has a line in its head that is no field") }
            let name = Octets(UnsafeRawBufferPointer(rebasing: line[..<colon]))
            let value = Octets(UnsafeRawBufferPointer(rebasing: line[(colon + 1)...]))
            if name.equalsIgnoringCase("content-disposition") {
                guard disposition == nil else { throw FormFault("a part has two of content-disposition") }
                disposition = value
            } else if name.equalsIgnoringCase("content-type") {
                guard contentType == nil else { throw FormFault("a part has two of content-type") }
                contentType = value.trimmed
            }
        }
        guard let disposition, MediaType.is(disposition, "form-data") else {
            throw FormFault("a part has no 'content-disposition: form-data'")
        }
        guard let parameters = MediaType.parameters(of: disposition) else {
            throw FormFault("a part has a content-disposition that is malformed")
        }
        guard let name = MediaType.parameter("name", in: parameters), !name.isEmpty else {
            throw FormFault("a part has no name")
        }
        func keep(_ text: [UInt8], _ arena: inout Arena) -> Octets {
            let kept = text.withUnsafeBytes { arena.copy($0) }
            return kept.validated(into: &arena).0
        }
        var part = Part(name: keep(name, &arena), filename: nil, contentType: contentType ?? .empty, body: .empty)
        if let filename = MediaType.parameter("filename", in: parameters) {
            // Some send the whole path of the file at home; nobody is to write where it says (RFC 7578 §4.2).
            let base =
                filename.split(whereSeparator: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }).last ?? []
            let isFolder = base.elementsEqual("..".utf8) || base.elementsEqual(".".utf8)
            part.filename = keep(isFolder ? [] : Array(base), &arena)
        }
        return part
    }
}
