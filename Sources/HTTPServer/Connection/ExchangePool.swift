/// An exchange that can be used for another request after it has ended.
protocol RecyclableExchange: Exchange {
    init(loop: ServerLoop)
}

/// The recycled exchanges of one loop and one protocol, kept for further requests. Loop-bound.
final class ExchangePool<Element: RecyclableExchange> {
    private var exchanges: [Element] = []
    /// The maximum number of exchanges that are kept.
    private static var most: Int { 1024 }
    /// The maximum memory of a header with which an exchange is kept, in bytes.
    private static var keptHead: Int { 64 * 1024 }

    func exchange(on loop: ServerLoop) -> Element { self.exchanges.popLast() ?? Element(loop: loop) }

    func recycle(_ exchange: Element) {
        guard self.exchanges.count < Self.most, exchange.head.capacity <= Self.keptHead else { return }
        self.exchanges.append(exchange)
    }

    func trim() { self.exchanges = [] }
}

@available(*, unavailable)
extension ExchangePool: Sendable {}
