import Synchronization

/// Bytes of the messages that are under assembly on all loops of a server, and how many there may be. [any]
public final class MessageMemory: Sendable {
    private let used = Atomic<Int>(0)
    private let most: Int

    public init(most: Int) { self.most = most }

    /// Reserves `bytes` bytes. Returns false when that would exceed the limit.
    func reserve(_ bytes: Int) -> Bool {
        if self.used.add(bytes, ordering: .relaxed).newValue <= self.most { return true }
        self.give(bytes)
        return false
    }

    func give(_ bytes: Int) { self.used.subtract(bytes, ordering: .relaxed) }
}
