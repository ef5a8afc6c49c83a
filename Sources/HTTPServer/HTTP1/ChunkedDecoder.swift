import Glibc

/// Decodes the chunked coding (RFC 9112 §7.1), a value without I/O: it is shown what has come and says what it is.
struct ChunkedDecoder {
    enum Step: Equatable {
        /// Nothing more can be said before more comes; the first so many bytes are done with.
        case incomplete(consumed: Int)
        /// Bytes of the body.
        case part(Range<Int>)
        /// The last chunk and its trailers ended after so many bytes.
        case end(consumed: Int)
        case refused(Refusal)
    }

    private enum State {
        case size
        case bytes(Int)
        case bytesEnd
        case trailers(Int)
        case complete
    }

    /// The longest line of a chunk's size with its extensions, and all trailers together.
    static let longestSizeLine = 1024
    static let longestTrailers = 16 * 1024

    private var state = State.size
    /// Bytes that the chunks to come may have.
    private var left: Int

    /// `limit`: bytes of the whole body; nil: none.
    init(limit: Int? = nil) { self.left = limit ?? .max }

    /// Says what stands at the start of `bytes`. What a step names as consumed, and the bytes up to the end of a part,
    /// must not be shown again.
    mutating func next(_ bytes: UnsafeRawBufferPointer) -> Step {
        var at = 0
        while true {
            switch self.state {
            case .size:
                guard let newline = bytes.firstIndex(of: ASCII.newline, from: at) else {
                    if bytes.count - at > Self.longestSizeLine {
                        return .refused(.badRequest("a chunk's size is too long"))
                    }
                    return .incomplete(consumed: at)
                }
                guard newline - at <= Self.longestSizeLine,
                    let size = Self.size(bytes[at..<newline])
                else { return .refused(.badRequest("a chunk's size is malformed")) }
                // Refused by what it announces, however much of it has come.
                guard size <= self.left else { return .refused(RequestBody.tooLarge) }
                self.left -= size
                at = newline + 1
                self.state = size > 0 ? .bytes(size) : .trailers(0)
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
            case .trailers(let before):
                guard let newline = bytes.firstIndex(of: ASCII.newline, from: at) else {
                    if before + bytes.count - at > Self.longestTrailers { return .refused(Self.trailersTooLong) }
                    return .incomplete(consumed: at)
                }
                let line = newline + 1 - at
                guard before + line <= Self.longestTrailers else { return .refused(Self.trailersTooLong) }
                guard newline > at, bytes[newline - 1] == ASCII.carriageReturn,
                    line == 2 || Self.isField(bytes[at..<(newline - 1)])
                else { return .refused(.badRequest("a trailer is malformed")) }
                guard line == 2 || Self.mayTrail(bytes[at..<(newline - 1)]) else {
                    return .refused(.badRequest("a trailer is a field that belongs to the head"))
                }
                at = newline + 1
                guard line == 2 else {
                    self.state = .trailers(before + line)
                    continue
                }
                self.state = .complete
            case .complete:
                return .end(consumed: at)
            }
        }
    }

    private static let badEnd = Refusal.badRequest("a chunk does not end with CRLF")
    private static let trailersTooLong = Refusal(status: 431, reason: "the trailers are too long")

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

    /// Fields of framing, routing, authentication and of what the content is: a trailer that could change them is how requests are
    /// smuggled past whoever looks at heads only (RFC 9110 §6.5.1).
    private static let headFields = [
        "authorization", "cache-control", "connection", "content-encoding", "content-length", "content-range",
        "content-type", "cookie", "expect", "host", "keep-alive", "max-forwards", "proxy-authorization",
        "proxy-connection", "range", "te", "trailer", "transfer-encoding", "upgrade",
    ].map { Array($0.utf8) }

    private static func mayTrail(_ line: Slice<UnsafeRawBufferPointer>) -> Bool {
        let name = line.prefix { $0 != UInt8(ascii: ":") }
        return !self.headFields.contains { $0.elementsEqual(name.lazy.map(ASCII.lowercased)) }
    }

    private static func isField(_ line: Slice<UnsafeRawBufferPointer>) -> Bool {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex else { return false }
        return line[..<colon].allSatisfy(ASCII.isToken) && line[(colon + 1)...].allSatisfy(ASCII.isFieldValue)
    }
}
