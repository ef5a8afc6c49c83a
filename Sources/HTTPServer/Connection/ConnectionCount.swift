import Synchronization

/// The number of connections of a server, on all of its loops. Thread-safe.
public final class ConnectionCount: Sendable {
    private let count = Atomic<Int>(0)

    public init() {}

    var value: Int { self.count.load(ordering: .relaxed) }

    func add() { self.count.add(1, ordering: .relaxed) }
    func remove() { self.count.subtract(1, ordering: .relaxed) }
}
