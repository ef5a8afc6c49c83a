import Glibc

/// Decodes the chunked transfer coding (RFC 9112 §7.1) incrementally. A value without I/O.
struct ChunkedDecoder {
    enum Step: Equatable {
        /// More input is needed. `consumed`: the number of bytes that were processed.
        case incomplete(consumed: Int)
        /// A range of body bytes.
        case part(Range<Int>)
        /// A trailer. `consumed`: the end of its line.
        case trailer(name: Range<Int>, value: Range<Int>, consumed: Int)
        /// The end of the last chunk and its trailers.
        case end(consumed: Int)
        case refused(Refusal)
    }

    private enum State {
        case size
        case bytes(Int)
        case bytesEnd
        /// The bytes and the number of trailers read so far.
        case trailers(bytes: Int, fields: Int)
        case complete
    }

    private let limits: HTTP1Limits
    private var state = State.size
    /// The number of body bytes that further chunks may have.
    private var left: Int

    init(limits: HTTP1Limits = HTTP1Limits()) {
        self.limits = limits
        self.left = limits.body ?? .max
    }

    /// Decodes the start of `bytes`. The next call must not include the bytes that a step reports as consumed, or those
    /// up to the end of a part.
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
                // The announced size counts, even if the chunk has not arrived yet.
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
                // The size limits are checked first, so that the result does not depend on how the input is split.
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

    /// Parses `field-name ":" OWS field-value OWS`, without its CRLF (RFC 9112 §7.1.2). Returns nil if the trailer is
    /// discarded.
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
