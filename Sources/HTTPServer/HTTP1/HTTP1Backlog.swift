/// The exchanges of one connection that have not ended: how many there are, which of them wait for output to leave, and whether the next
/// request waits for them. A value without I/O.
struct HTTP1Backlog {
    /// Exchanges whose owner has not ended them, though their responses may be complete.
    private var unfinished = 0
    /// An exchange whose `send` was `.pending`, with its use: it may serve another request since.
    typealias Waiting = (exchange: HTTP1Exchange, use: Int)
    private var waiting: [Waiting] = []
    /// Whether the next request waits until output has left, or exchanges have ended.
    private(set) var isHeldBack = false

    mutating func exchangeBegan() { self.unfinished += 1 }

    mutating func exchangeEnded() { self.unfinished -= 1 }

    /// Whether the next request has to wait: the client does not read its responses, or too many exchanges have not ended.
    mutating func holdsBack(isCongested: Bool, most: Int) -> Bool {
        self.isHeldBack = isCongested || self.unfinished >= most
        return self.isHeldBack
    }

    /// Returns whether a request was held back, which may be processed now.
    mutating func release() -> Bool {
        defer { self.isHeldBack = false }
        return self.isHeldBack
    }

    /// The owner of the exchange waits for output to leave.
    mutating func wait(_ exchange: HTTP1Exchange) {
        guard self.waiting.last?.exchange !== exchange || self.waiting.last?.use != exchange.use else { return }
        self.waiting.append((exchange, exchange.use))
    }

    /// Returns the exchanges whose owners wait for output to leave, once.
    mutating func removeWaiting() -> [Waiting] {
        guard !self.waiting.isEmpty else { return [] }
        defer { self.waiting.removeAll() }
        return self.waiting
    }
}
