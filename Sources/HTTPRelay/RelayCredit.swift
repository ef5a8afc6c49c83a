/// What one end of a relay may still send of a stream: bytes of a request body, or WebSocket messages. A value without I/O.
///
/// The back grants credit when its application receives, and never more than a window. The front sends exactly as much as it was granted.
struct RelayCredit {
    /// The largest credit that the other end may grant.
    private let window: Int
    private(set) var available = 0

    init(window: Int) { self.window = window }

    /// Throws when the credit would exceed the window.
    mutating func grant(_ count: UInt64) throws(RelayFault) {
        guard count <= UInt64(self.window - self.available) else { throw RelayFault() }
        self.available += Int(count)
    }

    /// `count` is at most what is available.
    mutating func spend(_ count: Int) { self.available -= count }
}
