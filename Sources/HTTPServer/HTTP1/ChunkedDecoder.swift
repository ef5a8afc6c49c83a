import Glibc

/// Decodes the chunked coding (RFC 9112 §7.1), a value without I/O: it is shown what has come and says what it is.
struct ChunkedDecoder {
    enum Step: Equatable {
        /// Nothing more can be said before more comes; the first so many bytes are done with.
        case incomplete(consumed: Int)
        /// Bytes of the body.
        case part(Range<Int>)
        /// A trailer, whose line is done with after so many bytes.
        case trailer(name: Range<Int>, value: Range<Int>, consumed: Int)
        /// The last chunk and its trailers ended after so many bytes.
        case end(consumed: Int)
        case refused(Refusal)
    }

    private enum State {
        case size
        case bytes(Int)
        case bytesEnd
        /// Bytes and fields of the trailers that have been read.
        case trailers(bytes: Int, fields: Int)
        case complete
    }

    private let limits: HTTP1Limits
    private var state = State.size
    /// Bytes that the chunks to come may have.
    private var left: Int

    init(limits: HTTP1Limits = HTTP1Limits()) {
        self.limits = limits
        self.left = limits.body ?? .max
    }

    /// Says what stands at the start of `bytes`. What a step names as consumed, and the bytes up to the end of a part,
    /// must not be shown again.
    mutating func next(_ bytes: UnsafeRawBufferPointer) -> Step {
        var at = 0
        while true {
            switch self.state {
            case .size:
                guard let newline = bytes.firstIndex(of: ASCII.newline, from: at) else {
                    if bytes.count - at > self.limits.chunkLine { return .refused(Self.sizeTooLong) }
                    return .incomplete(consumed: at)
                }
                guard newline - at <= self.limits.chunkLine else { return .refused(Self.sizeTooLong) }
                guard let size = Self.size(bytes[at..<newline]) else {
                    return .refused(.badRequest("a chunk's size is malformed"))
                }
                // Refused by what it announces, however much of it has come.
                guard size <= self.left else { return .refused(RequestBody.tooLarge) }
                self.left -= size
                at = newline + 1
                self.state = size > 0 ? .bytes(size) : .trailers(bytes: 0, fields: 0)
            case .bytes(let left):
                guard at < bytes.count else { return .incomplete(consumed: at) }
                let count = min(left, bytes.count - at)
                self.state = left > count ? .bytes(left - count) : .bytesEnd
                return .part(at..<(at + count))
            case .bytesEnd:
                guard at + 1 < bytes.count else {
                    if at < bytes.count, bytes[at] != ASCII.carriageReturn { return .refused(Self.badEnd) }
                    return .incomplete(consumed: at)
                }
                guard bytes[at] == ASCII.carriageReturn, bytes[at + 1] == ASCII.newline else {
                    return .refused(Self.badEnd)
                }
                at += 2
                self.state = .size
            case .trailers(let before, let fields):
                // Sizes first, so that a trailer is refused alike in however many pieces it comes.
                let newline = bytes.firstIndex(of: ASCII.newline, from: at)
                let line = (newline ?? bytes.count) - at
                guard line <= self.limits.field + 1, before + line < self.limits.head else {
                    return .refused(Self.trailersTooLong)
                }
                guard let newline else { return .incomplete(consumed: at) }
                guard line > 0, bytes[newline - 1] == ASCII.carriageReturn else {
                    return .refused(.badRequest("a line of the trailers ends without CR"))
                }
                if line == 1 {
                    at = newline + 1
                    self.state = .complete
                    continue
                }
                guard fields < self.limits.fields else { return .refused(Self.tooManyTrailers) }
                self.state = .trailers(bytes: before + line + 1, fields: fields + 1)
                return Self.trailer(bytes[at..<(newline - 1)])
            case .complete:
                return .end(consumed: at)
            }
        }
    }

    private static let badEnd = Refusal.badRequest("a chunk does not end with CRLF")
    private static let sizeTooLong = Refusal.badRequest("a chunk's size is too long")
    private static let trailersTooLong = Refusal(status: 431, reason: "the trailers are too long")
    private static let tooManyTrailers = Refusal(status: 431, reason: "there are too many trailers")

    /// `chunk-size [ chunk-ext ] CR`: hexadecimal digits, then nothing or extensions, which are ignored (RFC 9112 §7.1.1).
    private static func size(_ line: Slice<UnsafeRawBufferPointer>) -> Int? {
        guard line.last == ASCII.carriageReturn else { return nil }
        var size = 0
        var digits = 0
        var at = line.startIndex
        while let digit = ASCII.hexadecimal(line[at]) {
            // 15 digits are more than any body and cannot overflow; leading zeros count too.
            guard digits < 15 else { return nil }
            size = size << 4 | Int(digit)
            digits += 1
            at += 1
        }
        guard digits > 0 else { return nil }
        let extensions = line[at..<(line.endIndex - 1)]
        guard let first = extensions.first else { return size }
        guard first == UInt8(ascii: ";") || ASCII.isBlank(first) else { return nil }
        guard extensions.allSatisfy(ASCII.isFieldValue), extensions.contains(UInt8(ascii: ";")) else { return nil }
        return size
    }

    /// `field-name ":" OWS field-value OWS`, without its CRLF (RFC 9112 §7.1.2).
    private static func trailer(_ line: Slice<UnsafeRawBufferPointer>) -> Step {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
            line[..<colon].allSatisfy(ASCII.isToken), line[(colon + 1)...].allSatisfy(ASCII.isFieldValue)
        else { return .refused(.badRequest("a trailer is malformed")) }
        guard TrailerField.mayTrail(line[..<colon]) else {
            return .refused(.badRequest("a trailer is a field that belongs to the head"))
        }
        let value = line[(colon + 1)...].drop(while: ASCII.isBlank)
        let end = value.lastIndex { !ASCII.isBlank($0) }.map { $0 + 1 } ?? value.startIndex
        return .trailer(
            name: line.startIndex..<colon, value: value.startIndex..<end, consumed: line.endIndex + 2
        )
    }
}
