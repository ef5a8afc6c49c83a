/// The recycled exchanges of one loop, kept for further requests. Loop-bound.
final class HTTP1ExchangePool {
    private var exchanges: [HTTP1Exchange] = []
    /// The maximum number of exchanges that are kept.
    private static let most = 1024

    func exchange(on loop: ServerLoop) -> HTTP1Exchange { self.exchanges.popLast() ?? HTTP1Exchange(loop: loop) }

    func recycle(_ exchange: HTTP1Exchange) {
        if self.exchanges.count < Self.most { self.exchanges.append(exchange) }
    }

    func trim() { self.exchanges = [] }
}

@available(*, unavailable)
extension HTTP1ExchangePool: Sendable {}
