/// Detects slow clients by the progress of their pending output. A value without I/O; times are ticks of the loop, one per
/// second.
///
/// A client that reads a byte now and then would hold the output for ever: it has to read `slowest` bytes per second.
struct SendProgress {
    /// Where a period began, over which the rate is measured.
    private struct Period {
        let pending: Int
        let sent: Int
        let tick: Int
    }

    private var period: Period?
    /// The bytes that were sent when progress was last seen, and that tick.
    private var sent = 0
    private var since = 0

    /// The slowest rate of a client that makes progress, in bytes per second.
    static let slowest = 240

    /// Whether the client has read nothing for more than `limit` ticks, or over `limit` ticks less than the slowest rate
    /// allows. `pending`: the pending output, in bytes. `sent`: the bytes that were sent so far.
    mutating func isStuck(pending: Int, sent: Int, now: Int, limit: Int) -> Bool {
        guard pending > 0 else {
            self.period = nil
            return false
        }
        if self.period == nil || sent != self.sent {
            self.sent = sent
            self.since = now
        }
        guard let period else {
            self.period = Period(pending: pending, sent: sent, tick: now)
            return false
        }
        if now - self.since > limit { return true }
        guard now - period.tick > limit else { return false }
        self.period = Period(pending: pending, sent: sent, tick: now)
        return sent - period.sent < min(Self.slowest * (now - period.tick), period.pending)
    }
}
