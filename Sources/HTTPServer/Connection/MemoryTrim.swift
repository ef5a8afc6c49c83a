/// Decides when free memory is returned to the system: after a peak of load. The allocator keeps what a peak has used, and would hold it
/// until the next one. A value without I/O; a tick is a second.
struct MemoryTrim {
    /// Returning memory is slow with a large heap: it takes at most one part in this number of a loop's time.
    private static let share = 25
    private var peak = 0
    /// Memory was returned while a part of a peak still used some.
    private var hasRemainder = false
    /// Ticks before the next time.
    private var pause = 0

    /// Whether there is memory to return when the load has fallen.
    var isPending: Bool { self.peak > 0 || self.hasRemainder }

    /// `load`: connections, and exchanges of multiplexed connections, at this moment.
    mutating func observe(_ load: Int) { self.peak = max(self.peak, load) }

    /// Whether memory is to be returned at this tick: the load has fallen to a quarter of the peak or less. What is left of it counts as the
    /// next peak; it is due once more when nothing is left, since what a connection used is free a moment after its end.
    mutating func isDue(_ load: Int) -> Bool {
        self.pause = max(self.pause - 1, 0)
        guard self.pause == 0, self.isPending, load <= self.peak / 4 else { return false }
        self.hasRemainder = self.peak > 0
        self.peak = load
        return true
    }

    /// Records how long the return took, in seconds of CPU time. Elapsed time would count other processes of a busy machine.
    mutating func took(_ seconds: Double) { self.pause = Int(seconds * Double(Self.share)) }
}
