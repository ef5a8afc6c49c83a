/// Decides when free memory is returned to the system after a peak of load. A value without I/O; a tick is a second.
///
/// The allocator keeps the memory that a peak has used, and would hold it until the next peak.
struct MemoryTrim {
    /// Returning memory takes at most 1/`share` of a loop's time, since it is slow with a large heap.
    private static let share = 25
    private var peak = 0
    /// Whether memory was returned while a part of the peak load still used some.
    private var hasRemainder = false
    /// The number of ticks before memory may be returned again.
    private var pause = 0

    /// Whether memory has to be returned once the load has fallen.
    var isPending: Bool { self.peak > 0 || self.hasRemainder }

    /// Records the current load: connections, plus exchanges of multiplexed connections.
    mutating func observe(_ load: Int) { self.peak = max(self.peak, load) }

    /// Whether memory is to be returned at this tick: the load has fallen to a quarter of the peak or less.
    ///
    /// The remaining load becomes the next peak. After the load has reached zero, memory is due once more, since a
    /// connection's memory becomes free a moment after the connection ends.
    mutating func isDue(_ load: Int) -> Bool {
        self.pause = max(self.pause - 1, 0)
        guard self.pause == 0, self.isPending, load <= self.peak / 4 else { return false }
        self.hasRemainder = self.peak > 0
        self.peak = load
        return true
    }

    /// Records the CPU time that returning memory took, in seconds. Elapsed time would include other processes.
    mutating func took(_ seconds: Double) { self.pause = Int(seconds * Double(Self.share)) }
}
