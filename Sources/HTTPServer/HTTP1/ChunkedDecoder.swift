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
                guard let size = ChunkLine.size(bytes[at..<newline]) else {
                    return .refused(.badRequest("malformed chunk size or extension"))
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
                    return .refused(.badRequest("bare LF in the trailers"))
                }
                if line == 1 {
                    at = newline + 1
                    self.state = .complete
                    continue
                }
                guard fields < self.limits.fields else { return .refused(Self.tooManyTrailers) }
                self.state = .trailers(bytes: before + line + 1, fields: fields + 1)
                if let step = Self.trailer(bytes[at..<(newline - 1)]) { return step }
                at = newline + 1
            case .complete:
                return .end(consumed: at)
            }
        }
    }

    private static let badEnd = Refusal.badRequest("missing CRLF after a chunk")
    private static let sizeTooLong = Refusal.badRequest("chunk size line too long")
    private static let trailersTooLong = Refusal(status: 431, reason: "trailers too large")
    private static let tooManyTrailers = Refusal(status: 431, reason: "too many trailers")

    /// Reads `field-name ":" OWS field-value OWS`, without its CRLF (RFC 9112 §7.1.2). Nil: the trailer is discarded.
    private static func trailer(_ line: Slice<UnsafeRawBufferPointer>) -> Step? {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
            line[..<colon].allSatisfy(ASCII.isToken), line[(colon + 1)...].allSatisfy(ASCII.isFieldValue)
        else { return .refused(.badRequest("malformed trailer field")) }
        switch TrailerField.kind(line[..<colon]) {
        case .allowed: break
        case .discarded: return nil
        case .refused:
            return .refused(.badRequest("forbidden trailer field (framing, routing or authentication)"))
        }
        let value = line[(colon + 1)...].drop(while: ASCII.isBlank)
        let end = value.lastIndex { !ASCII.isBlank($0) }.map { $0 + 1 } ?? value.startIndex
        return .trailer(
            name: line.startIndex..<colon, value: value.startIndex..<end, consumed: line.endIndex + 2
        )
    }
}
