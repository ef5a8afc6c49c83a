import NIOCore

/// The body of a request as it comes through a relay: asked for as it is received, a window at a time. A value without I/O.
struct RelayInput {
    enum Next {
        case part(ByteBuffer, more: Bool)
        /// Nothing is there; so many bytes are to be asked for.
        case wait(Int)
    }

    /// Bytes that are asked for at once.
    static let window = 64 * 1024

    private var bytes = ByteBuffer()
    /// Its last part has come.
    private var hasEnded = false
    /// That was handed out.
    private var isOver = false
    /// What has been asked for and has not come.
    private var asked = 0

    mutating func end() { self.hasEnded = true }

    mutating func append(_ octets: Octets, isLast: Bool) {
        self.bytes.writeBytes(octets.bytes)
        self.asked -= octets.size
        self.hasEnded = isLast
    }

    mutating func next() -> Next {
        guard !self.isOver else { return .wait(0) }
        if self.bytes.readableBytes > 0 || self.hasEnded {
            var part = ByteBuffer()
            swap(&part, &self.bytes)
            self.isOver = self.hasEnded
            return .part(part, more: !self.hasEnded)
        }
        guard self.asked <= 0 else { return .wait(0) }
        let more = Self.window - self.asked
        self.asked = Self.window
        return .wait(more)
    }
}
