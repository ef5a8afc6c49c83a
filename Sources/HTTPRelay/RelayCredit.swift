/// Credit for one stream of a relay: bytes of a request body, or WebSocket messages, that the front may still send.
/// A value without I/O.
///
/// The back grants credit when its application receives, and never more than a window. The front never exceeds it.
struct RelayCredit {
    /// The largest credit that the back may grant.
    private let window: Int
    private(set) var available = 0

    init(window: Int) { self.window = window }

    /// Throws if the credit would exceed the window.
    mutating func grant(_ count: UInt64) throws(RelayFault) {
        guard count <= UInt64(self.window - self.available) else { throw RelayFault() }
        self.available += Int(count)
    }

    /// `count` must not exceed `available`.
    mutating func spend(_ count: Int) { self.available -= count }
}
