import Synchronization

/// The memory of incomplete messages on all loops of a server, and its limit, in bytes. Thread-safe.
public final class MessageMemory: Sendable {
    private let used = Atomic<Int>(0)
    private let most: Int

    public init(most: Int) { self.most = most }

    /// Reserves `bytes` bytes. Returns false if that would exceed the limit.
    func reserve(_ bytes: Int) -> Bool {
        if self.used.add(bytes, ordering: .relaxed).newValue <= self.most { return true }
        self.give(bytes)
        return false
    }

    func give(_ bytes: Int) { self.used.subtract(bytes, ordering: .relaxed) }
}
