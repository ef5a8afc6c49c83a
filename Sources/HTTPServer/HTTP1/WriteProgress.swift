/// How far a client has read what was written to it. A value without I/O; times are ticks of the loop, a second each.
struct WriteProgress {
    /// The bytes given to the channel, and those of them that had left when it was last asked.
    private var given = 0
    private var sent = 0
    /// The tick of the last progress.
    private var since = 0

    /// Whether everything had left when the channel was last asked.
    var isDrained: Bool { self.given == self.sent }

    /// Counts bytes that are given to the channel.
    mutating func gave(_ bytes: Int, now: Int) {
        if self.isDrained { self.since = now }
        self.given += bytes
    }

    /// Whether nothing has left for more than `limit` ticks. `unsent`: the bytes that the channel still has.
    mutating func isStuck(unsent: Int, now: Int, limit: Int) -> Bool {
        if self.given - unsent != self.sent {
            self.sent = self.given - unsent
            self.since = now
        }
        return unsent > 0 && now - self.since > limit
    }
}
