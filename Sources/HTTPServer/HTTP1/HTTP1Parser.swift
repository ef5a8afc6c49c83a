import Glibc

/// Parses HTTP/1 request headers (RFC 9112 §2 to §5) in place, in one pass. A value without I/O, one per connection.
///
/// A header that arrives in pieces is parsed incrementally. A malformed line is refused at once, and a client that
/// sends single bytes causes no more parsing than any other.
struct HTTP1Parser {
    enum Outcome: Equatable {
        /// The end of the header has not arrived.
        case incomplete
        /// The header is complete. The value is its size, in bytes.
        case complete(Int)
        case refused(Refusal)
    }

    private let limits: HTTP1Limits
    /// The state of an incomplete header.
    private var reader: HeadReader?

    init(limits: HTTP1Limits) { self.limits = limits }

    /// Parses the header at the start of `bytes`. After `.incomplete`, the next call has to pass the same bytes again,
    /// followed by new ones, and the same `head`.
    mutating func parse(_ bytes: UnsafeRawBufferPointer, into head: RequestHead) -> Outcome {
        if self.reader == nil { head.reset() }
        var reader = self.reader ?? HeadReader(limits: self.limits)
        self.reader = nil
        while true {
            switch reader.read(bytes, into: head) {
            case .complete(let count): return .complete(count)
            case .refused(let refusal): return .refused(refusal)
            case .needsRoom:
                head.grow()
                reader = HeadReader(limits: self.limits)
            case .incomplete:
                self.reader = reader
                return .incomplete
            }
        }
    }
}

extension UnsafeRawBufferPointer {
    /// Returns the first position of the byte at or after `start`.
    @inline(__always)
    func firstIndex(of byte: UInt8, from start: Int) -> Int? {
        guard start < self.count, let base = self.baseAddress else { return nil }
        guard let found = memchr(base + start, Int32(byte), self.count - start) else { return nil }
        return UnsafeRawPointer(found) - base
    }
}
