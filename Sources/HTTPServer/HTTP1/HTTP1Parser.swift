import Glibc

/// Parses request heads of HTTP/1 (RFC 9112 §2 to §5) in place, in one pass, without I/O.
///
/// A value that one connection keeps: it remembers only how far it has looked for the end of a head that has not come
/// whole, so that a client that sends a byte at a time costs no more than one that sends all.
struct HTTP1Parser {
    enum Outcome: Equatable {
        /// The end of the head has not come yet.
        case incomplete
        /// The head was the first so many bytes.
        case complete(Int)
        case refused(Refusal)
    }

    var limits: HTTP1Limits
    private var searched = 0

    init(limits: HTTP1Limits) { self.limits = limits }

    /// Parses the head at the start of `bytes` into `head`, which is reset first.
    mutating func parse(_ bytes: UnsafeRawBufferPointer, into head: RequestHead) -> Outcome {
        if self.searched > 0, self.searched < self.limits.head, !self.hasEnd(bytes) {
            self.searched = bytes.count
            if bytes.count <= self.limits.head { return .incomplete }
        }
        head.reset()
        var reader = HeadReader(bytes: bytes, head: head, limits: self.limits)
        while true {
            switch reader.read() {
            case .complete(let count):
                self.searched = 0
                return .complete(count)
            case .needsRoom:
                head.grow()
                reader = HeadReader(bytes: bytes, head: head, limits: self.limits)
            case .incomplete:
                self.searched = bytes.count
                return .incomplete
            case .refused(let refusal):
                return .refused(refusal)
            }
        }
    }

    /// Whether an empty line stands in what has come since the last look.
    private func hasEnd(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var at = max(self.searched - 2, 0)
        while let found = bytes.firstIndex(of: ASCII.newline, from: at) {
            if found + 1 < bytes.count, bytes[found + 1] == ASCII.newline { return true }
            if found + 2 < bytes.count, bytes[found + 1] == ASCII.carriageReturn, bytes[found + 2] == ASCII.newline {
                return true
            }
            at = found + 1
        }
        return false
    }
}

/// The limits of one request's head, each the greatest size that is still taken.
public struct HTTP1Limits: Sendable {
    /// Bytes of the request line: above it 414.
    public var requestLine = 16 * 1024
    /// Bytes of one field line: above it 431.
    public var field = 16 * 1024
    /// Fields of one head: above it 431.
    public var fields = 128
    /// Bytes of the whole head: above it 431.
    public var head = 64 * 1024

    public init() {}
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
