/// The growing delay before something that failed is tried again: none at first. A value without I/O; times are milliseconds.
package struct BackOff {
    /// What worked for so long is not counted as a repeated failure.
    package static let stableTime = 1000
    package static let longest = 30_000
    private var failures = 0

    package init() {}

    /// Counts a failure after so long a time of work (nil: it never worked), and returns the delay.
    package mutating func failed(after time: Int?) -> Int {
        if let time, time >= Self.stableTime { self.failures = 0 }
        self.failures += 1
        guard self.failures > 1 else { return 0 }
        return min(100 << min(self.failures - 2, 20), Self.longest)
    }

    package mutating func reset() { self.failures = 0 }
}
