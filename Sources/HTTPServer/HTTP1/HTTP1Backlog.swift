/// The unfinished exchanges of one connection: their number, those that wait for output to be written, and whether the
/// next request has to wait for them. A value without I/O.
struct HTTP1Backlog {
    /// The number of exchanges that their owners have not ended, even if their responses are complete.
    private var unfinished = 0
    /// An exchange whose `send` returned `.pending`, and its use count: the exchange may have been recycled since.
    typealias Waiting = (exchange: HTTP1Exchange, use: Int)
    private var waiting: [Waiting] = []
    /// Whether the next request waits until output is written or exchanges end.
    private(set) var isHeldBack = false

    mutating func exchangeBegan() { self.unfinished += 1 }

    mutating func exchangeEnded() { self.unfinished -= 1 }

    /// Updates and returns whether the next request has to wait: for a slow client, or for unfinished exchanges.
    mutating func holdsBack(isCongested: Bool, most: Int) -> Bool {
        self.isHeldBack = isCongested || self.unfinished >= most
        return self.isHeldBack
    }

    /// Returns whether a request was held back. It may be processed now.
    mutating func release() -> Bool {
        defer { self.isHeldBack = false }
        return self.isHeldBack
    }

    /// Records that the owner of the exchange waits for output to be written.
    mutating func wait(_ exchange: HTTP1Exchange) {
        guard self.waiting.last?.exchange !== exchange || self.waiting.last?.use != exchange.use else { return }
        self.waiting.append((exchange, exchange.use))
    }

    /// Removes and returns the exchanges whose owners wait for output to be written.
    mutating func removeWaiting() -> [Waiting] {
        guard !self.waiting.isEmpty else { return [] }
        defer { self.waiting.removeAll() }
        return self.waiting
    }
}
