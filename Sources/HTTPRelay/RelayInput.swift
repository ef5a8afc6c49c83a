import HTTPServer
import NIOCore

/// The request body as it arrives through a relay. Credit is granted when the application receives, one window at a
/// time. A value without I/O.
struct RelayInput {
    enum Next {
        case part(ByteBuffer, more: Bool)
        /// No part has arrived. The number of bytes to grant now, possibly 0.
        case wait(Int)
    }

    /// The largest credit, in bytes.
    static let window = 64 * 1024

    private var bytes = ByteBuffer()
    /// Whether the last part has arrived.
    private var hasEnded = false
    /// Whether the last part was returned by `next`.
    private var isComplete = false
    /// Bytes that were granted and have not arrived yet.
    private var granted = 0

    mutating func end() { self.hasEnded = true }

    /// Throws if the bytes were not granted, or if the last part has arrived before.
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
