import HTTPServer
import NIOCore

/// The body of a request as it arrives through a relay: credit is granted as the application receives, a window at a time. A value
/// without I/O.
struct RelayInput {
    enum Next {
        case part(ByteBuffer, more: Bool)
        /// Nothing is there. The number of bytes to grant now, which may be 0.
        case wait(Int)
    }

    /// The largest credit, in bytes.
    static let window = 64 * 1024

    private var bytes = ByteBuffer()
    /// The last part has arrived.
    private var hasEnded = false
    /// The last part was handed out.
    private var isComplete = false
    /// Bytes that were granted and have not arrived.
    private var granted = 0

    mutating func end() { self.hasEnded = true }

    /// Throws for bytes that were not granted, and for any part after the last one.
    mutating func append(_ octets: Octets, isLast: Bool) throws(RelayFault) {
        guard !self.hasEnded, octets.size <= self.granted else { throw RelayFault() }
        self.bytes.writeBytes(octets.bytes)
        self.granted -= octets.size
        self.hasEnded = isLast
    }

    mutating func next() -> Next {
        guard !self.isComplete else { return .wait(0) }
        if self.bytes.readableBytes > 0 || self.hasEnded {
            var part = ByteBuffer()
            swap(&part, &self.bytes)
            self.isComplete = self.hasEnded
            return .part(part, more: !self.hasEnded)
        }
        guard self.granted == 0 else { return .wait(0) }
        self.granted = Self.window
        return .wait(Self.window)
    }
}
