import Synchronization

/// What a loop is doing for a module, as `LoopWatch` may ask from its thread.
final class LoopActivity: Sendable {
    /// Odd while a module's function runs on the loop; another number for each.
    let calls = Atomic<UInt64>(0)
    /// Whose function it is, unretained: generations live as long as the process.
    private let caller = Atomic<UInt>(0)
    /// When the watch found that it runs for long, in nanoseconds of the monotonic clock; 0: it has not.
    let heldSince = Atomic<UInt64>(0)

    @inline(__always)
    func enter(_ generation: Generation?) {
        self.caller.store(
            generation.map { UInt(bitPattern: Unmanaged.passUnretained($0).toOpaque()) } ?? 0, ordering: .relaxed)
        self.calls.store(self.calls.load(ordering: .relaxed) &+ 1, ordering: .releasing)
    }

    /// Whether the watch has noticed the call that ends.
    @inline(__always)
    func leave() -> Bool {
        self.calls.store(self.calls.load(ordering: .relaxed) &+ 1, ordering: .releasing)
        return self.heldSince.load(ordering: .relaxed) != 0
    }

    /// Nil: it is not known.
    var generation: Generation? {
        UnsafeRawPointer(bitPattern: self.caller.load(ordering: .acquiring))
            .map { Unmanaged<Generation>.fromOpaque($0).takeUnretainedValue() }
    }
}
