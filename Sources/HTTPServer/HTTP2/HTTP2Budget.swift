/// Limits how many frames of a kind a client sends: a number at once, and some per second. A value without I/O; times are
/// ticks of the loop, one per second.
struct HTTP2Budget {
    private let rate: HTTP2Limits.Rate
    private var left: Int
    private var tick: Int

    init(_ rate: HTTP2Limits.Rate, now: Int) {
        self.rate = rate
        self.left = rate.burst
        self.tick = now
    }

    /// Counts frames. Returns false if they are too many.
    mutating func spend(_ count: Int, now: Int) -> Bool {
        if now > self.tick {
            let more = max(self.rate.burst / self.rate.seconds, 1)
            self.left = min(self.left + (now - self.tick) * more, self.rate.burst)
            self.tick = now
        }
        self.left -= count
        return self.left >= 0
    }
}
