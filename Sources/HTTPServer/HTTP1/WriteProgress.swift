/// The progress of a client in reading its output. A value without I/O; times are ticks of the loop, one per second.
struct WriteProgress {
    /// The bytes given to the channel, and how many of them were written when the channel was last queried.
    private var given = 0
    private var sent = 0
    /// The tick of the last progress.
    private var since = 0

    /// Whether everything was written when the channel was last queried.
    var isDrained: Bool { self.given == self.sent }

    /// Counts bytes that are given to the channel.
    mutating func gave(_ bytes: Int, now: Int) {
        if self.isDrained { self.since = now }
        self.given += bytes
    }

    /// Whether nothing was written for more than `limit` ticks. `unsent`: the bytes that the channel still holds.
    mutating func isStuck(unsent: Int, now: Int, limit: Int) -> Bool {
        if self.given - unsent != self.sent {
            self.sent = self.given - unsent
            self.since = now
        }
        return unsent > 0 && now - self.since > limit
    }
}
