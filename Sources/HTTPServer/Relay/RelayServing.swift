/// The back's side of a relay: makes exchanges of what the front sends. Loop-bound.
final class RelayServing: RelayEnd {
    private unowned(unsafe) let loop: ServerLoop
    private var exchanges: [UInt32: RelayExchange] = [:]
    /// They point here: none is kept when nothing more can come.
    private var resting: [RelayExchange] = []
    private var isLost = false
    private static let mostResting = 256

    init(loop: ServerLoop) { self.loop = loop }

    func linkOpened(_ link: RelayLink) { if self.loop.isStopping { self.stop(link) } }

    func take(_ frame: RelayFrame, _ reader: RelayReader, on link: RelayLink) throws(RelayFault) {
        guard frame.kind == .request else {
            // One that has ended may still be told of.
            try self.exchanges[frame.stream]?.take(frame, reader)
            return
        }
        guard self.exchanges[frame.stream] == nil else { throw RelayFault() }
        let exchange = self.resting.popLast() ?? RelayExchange(loop: self.loop, of: self)
        let mount = try exchange.begin(reader.rest, frame.stream, on: link)
        self.exchanges[frame.stream] = exchange
        self.loop.handler.handle(exchange, mount: mount)
    }

    /// Nobody answers it any more.
    func rest(_ exchange: RelayExchange) {
        guard self.exchanges.removeValue(forKey: exchange.stream) != nil else { return }
        if !self.isLost, self.resting.count < Self.mostResting { self.resting.append(exchange) }
    }

    func linkLost(_ link: RelayLink) {
        self.isLost = true
        self.resting = []
        for exchange in self.exchanges.values { exchange.lost() }
    }

    func stop(_ link: RelayLink) { link.send(.goAway, 0) }

    func leave(_ link: RelayLink) { for exchange in self.exchanges.values { exchange.leave() } }
}
