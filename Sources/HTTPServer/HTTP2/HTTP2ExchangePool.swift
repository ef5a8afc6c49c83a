/// The recycled exchanges of one loop, kept for further requests. Loop-bound.
final class HTTP2ExchangePool {
    private var exchanges: [HTTP2Exchange] = []
    /// The maximum number of exchanges that are kept, and the largest memory of a header, in bytes.
    private static let most = 1024
    private static let keptHead = 64 * 1024

    func exchange(on loop: ServerLoop) -> HTTP2Exchange { self.exchanges.popLast() ?? HTTP2Exchange(loop: loop) }

    func recycle(_ exchange: HTTP2Exchange) {
        guard self.exchanges.count < Self.most, exchange.head.capacity <= Self.keptHead else { return }
        self.exchanges.append(exchange)
    }

    func trim() { self.exchanges = [] }
}

@available(*, unavailable)
extension HTTP2ExchangePool: Sendable {}
