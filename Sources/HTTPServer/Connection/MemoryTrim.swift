/// Decides when free memory is returned to the system: after a peak of load. The allocator keeps what a peak has used, and would hold it
/// until the next one. A value without I/O.
struct MemoryTrim {
    /// The smallest peak that counts: below it the memory is not worth the time.
    private static let smallestPeak = 64
    private var peak = 0
    /// Memory was returned while a part of a peak still used some.
    private var hasRemainder = false

    /// Whether there is memory to return when the load has fallen.
    var isPending: Bool { self.peak >= Self.smallestPeak || self.hasRemainder }

    /// `load`: connections and relayed exchanges at this moment.
    mutating func observe(_ load: Int) { self.peak = max(self.peak, load) }

    /// Whether the load has fallen to a quarter of the peak or less. What is left of it counts as the next peak.
    mutating func isDue(_ load: Int) -> Bool {
        guard self.isPending, load <= self.peak / 4 else { return false }
        self.peak = load
        self.hasRemainder = load > 0
        return true
    }
}
