import NIOCore

/// The body of a request as it arrives on a stream. A value without I/O.
struct HTTP2Input {
    /// The bytes that were not received yet.
    private(set) var bytes = ByteBuffer()
    /// Whether the client sends nothing more.
    private(set) var hasEnded = false
    /// The bytes that have arrived in all.
    private(set) var arrived = 0

    mutating func append(_ part: UnsafeRawBufferPointer) {
        self.arrived += part.count
        // Consumed bytes must not be kept while an incomplete frame remains.
        if self.bytes.readerIndex > 0 { self.bytes.discardReadBytes() }
        self.bytes.writeBytes(part)
    }

    mutating func end() { self.hasEnded = true }

    /// Passes what has arrived to `body`, which returns the number of bytes that it has consumed.
    mutating func consume<Result>(
        _ body: (UnsafeRawBufferPointer) -> (step: Result, consumed: Int)
    ) -> (Result, consumed: Int) {
        let (step, consumed) = self.bytes.withUnsafeReadableBytes(body)
        self.bytes.moveReaderIndex(forwardBy: consumed)
        // The memory of a burst is not kept.
        if self.bytes.readableBytes == 0 { self.bytes = ByteBuffer() }
        return (step, consumed)
    }

    /// Removes what has arrived; nil if there is nothing new. `more`: whether further parts follow.
    mutating func removeAll() -> (part: ByteBuffer, more: Bool)? {
        guard self.bytes.readableBytes > 0 || self.hasEnded else { return nil }
        var part = ByteBuffer()
        swap(&part, &self.bytes)
        return (part, !self.hasEnded)
    }
}
