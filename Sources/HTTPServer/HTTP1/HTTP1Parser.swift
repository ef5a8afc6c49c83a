import Glibc

/// Parses request heads of HTTP/1 (RFC 9112 §2 to §5) in place, in one pass, without I/O.
///
/// A value that one connection keeps. A head that comes in pieces is parsed as it comes: a bad line is refused at once,
/// and a client that sends a byte at a time costs no more than one that sends all.
struct HTTP1Parser {
    enum Outcome: Equatable {
        /// The end of the head has not come yet.
        case incomplete
        /// The head was the first so many bytes.
        case complete(Int)
        case refused(Refusal)
    }

    private let limits: HTTP1Limits
    /// Of the head that has begun to come.
    private var reader: HeadReader?

    init(limits: HTTP1Limits) { self.limits = limits }

    /// Parses the head at the start of `bytes`. While the answer is `.incomplete`, the next call has to show the same
    /// bytes again with what has come since, and the same `head`.
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
    /// Where the byte stands first at or after `start`.
    @inline(__always)
    func firstIndex(of byte: UInt8, from start: Int) -> Int? {
        guard start < self.count, let base = self.baseAddress else { return nil }
        guard let found = memchr(base + start, Int32(byte), self.count - start) else { return nil }
        return UnsafeRawPointer(found) - base
    }
}
