/// The progress of a client in reading its output. A value without I/O; times are ticks of the loop, one per second.
struct WriteProgress {
    /// The bytes given to the channel, and how many of them were written when the channel was last queried.
    private var given = 0
    private var sent = 0
    private var progress = SendProgress()

    /// Whether everything was written when the channel was last queried.
    var isDrained: Bool { self.given == self.sent }

    /// Counts bytes that are given to the channel.
    mutating func gave(_ bytes: Int) { self.given += bytes }

    /// Whether the client is too slow (`SendProgress`). `unsent`: the bytes that the channel still holds.
    mutating func isStuck(unsent: Int, now: Int, limit: Int) -> Bool {
        self.sent = self.given - unsent
        return self.progress.isStuck(pending: unsent, sent: self.sent, now: now, limit: limit)
    }
}
