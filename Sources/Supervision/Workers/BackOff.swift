/// How long to wait before another worker is started in the place of one that died: not at all, unless it keeps dying. A value
/// without I/O; times are milliseconds.
struct BackOff {
    /// Who lived so long has not died at once.
    static let life = 1000
    static let longest = 30_000
    private var deaths = 0

    /// A worker has died, so long after it was ready (nil: it never was); says how long to wait.
    mutating func died(after life: Int?) -> Int {
        if let life, life >= Self.life { self.deaths = 0 }
        self.deaths += 1
        guard self.deaths > 1 else { return 0 }
        return min(100 << min(self.deaths - 2, 20), Self.longest)
    }

    mutating func reset() { self.deaths = 0 }
}
