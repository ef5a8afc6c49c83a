/// The growing delay before a retry; there is none after the first failure. A value type without I/O; times are
/// milliseconds.
package struct BackOff {
    /// Uptime after which a failure does not count as a repeated one.
    package static let stableTime = 1000
    package static let longest = 30_000
    private var failures = 0

    package init() {}

    /// Counts a failure after this uptime (nil if it never worked), and returns the delay.
    package mutating func failed(after time: Int?) -> Int {
        if let time, time >= Self.stableTime { self.failures = 0 }
        self.failures += 1
        guard self.failures > 1 else { return 0 }
        return min(100 << min(self.failures - 2, 20), Self.longest)
    }

    package mutating func reset() { self.failures = 0 }
}
