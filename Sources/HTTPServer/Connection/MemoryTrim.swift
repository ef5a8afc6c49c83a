/// Decides when free memory is returned to the system: after a peak of load. The allocator keeps what a peak has used, and would hold it
/// until the next one. A value without I/O.
struct MemoryTrim {
    /// The smallest peak that counts: below it the memory is not worth the time.
    private static let smallestPeak = 64
    private var peak = 0

    /// Whether a peak was seen since memory was returned last.
    var isPending: Bool { self.peak >= Self.smallestPeak }

    /// `load`: connections and relayed exchanges at this moment.
    mutating func observe(_ load: Int) { self.peak = max(self.peak, load) }

    /// Whether the load has fallen to a quarter of the peak or less. The present load is the next peak to begin with.
    mutating func isDue(_ load: Int) -> Bool {
        guard self.isPending, load <= self.peak / 4 else { return false }
        self.peak = load
        return true
    }
}
