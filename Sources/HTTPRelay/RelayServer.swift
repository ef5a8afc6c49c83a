import HTTPServer

/// The back of one link: creates exchanges from the frames of the front. Loop-bound.
final class RelayServer: RelayEndpoint {
    // SAFETY: the loop outlives its links.
    private unowned(unsafe) let loop: ServerLoop
    /// Answers an exchange. The number is that of the mount that the front has found for it.
    private let handle: (any Exchange, UInt32) -> Void
    private(set) var exchanges: [UInt32: RelayExchange] = [:]
    /// Exchanges for reuse by later requests. They refer to this object, so none is kept after the link is lost.
    private var recycled: [RelayExchange] = []
    private var isLost = false
    private static let maxRecycled = 256
    /// The largest request header memory of an exchange that is kept for reuse, in bytes.
    private static let maxKept = 64 * 1024

    init(loop: ServerLoop, handle: @escaping (any Exchange, UInt32) -> Void) {
        self.loop = loop
        self.handle = handle
    }

    var errorPages: ErrorPages { self.loop.configuration.errorPages }

    func linkOpened(_ link: RelayLink) { if self.loop.isStopping { self.stop(link) } }

    func receive(_ frame: RelayFrame, _ reader: RelayReader, on link: RelayLink) throws(RelayFault) {
        guard frame.kind == .request else {
            // Ignored if the exchange has ended, which the front may not know yet.
            try self.exchanges[frame.stream]?.receive(frame, reader)
            return
        }
        guard self.exchanges[frame.stream] == nil else { throw RelayFault() }
        let exchange = self.recycled.popLast() ?? RelayExchange(loop: self.loop, of: self)
        let mount = try exchange.start(reader.rest, frame.stream, on: link)
        self.exchanges[frame.stream] = exchange
        self.loop.multiplexedExchangeBegan()
        self.handle(exchange, mount)
    }

    /// Keeps an exchange for reuse. The exchange has ended, and all of its output was sent.
    func recycle(_ exchange: RelayExchange) {
        guard self.exchanges.removeValue(forKey: exchange.stream) != nil else { return }
        self.loop.multiplexedExchangeEnded()
        guard !self.isLost, self.recycled.count < Self.maxRecycled, exchange.head.capacity <= Self.maxKept else {
            return
        }
        self.recycled.append(exchange)
    }

    func linkWritable(_ stream: UInt32) { self.exchanges[stream]?.linkWritable() }

    func linkLost(_ link: RelayLink) {
        self.isLost = true
        self.recycled = []
        for exchange in self.exchanges.values { exchange.lost() }
    }

    func trim() {
        self.recycled = []
        if self.exchanges.isEmpty { self.exchanges = [:] }
    }

    func stop(_ link: RelayLink) { link.send(.goAway, 0) }

    func giveUp(_ link: RelayLink) { for exchange in self.exchanges.values { exchange.giveUp() } }
}

@available(*, unavailable)
extension RelayServer: Sendable {}
