import Synchronization

/// Numbers from 1 on, each once. [any]
final class Counter: Sendable {
    private let last = Atomic<Int>(0)

    func next() -> Int { self.last.add(1, ordering: .relaxed).newValue }
}
