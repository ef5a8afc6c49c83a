import Synchronization

/// Counts from 1; returns each number once. Thread-safe.
final class Counter: Sendable {
    private let last = Atomic<Int>(0)

    func next() -> Int { self.last.add(1, ordering: .relaxed).newValue }
}
