/// The back's side of a relay: makes exchanges of what the front sends. Loop-bound.
final class RelayServing: RelayEnd {
    private unowned(unsafe) let loop: ServerLoop
    private var exchanges: [UInt32: RelayExchange] = [:]

    init(loop: ServerLoop) { self.loop = loop }

    func linkOpened(_ link: RelayLink) { if self.loop.isStopping { self.stop(link) } }

    func take(_ frame: RelayFrame, _ reader: RelayReader, on link: RelayLink) throws(RelayFault) {
        guard frame.kind == .request else {
            // One that has ended may still be told of.
            try self.exchanges[frame.stream]?.take(frame, reader)
            return
        }
        guard self.exchanges[frame.stream] == nil else { throw RelayFault() }
        let exchange = RelayExchange(loop: self.loop, stream: frame.stream, on: link, of: self)
        self.exchanges[frame.stream] = exchange
        let mount = try exchange.begin(reader.rest)
        self.loop.handler.handle(exchange, mount: mount)
    }

    /// Nobody answers it any more.
    func rest(_ exchange: RelayExchange) { self.exchanges[exchange.stream] = nil }

    func linkLost(_ link: RelayLink) {
        for exchange in self.exchanges.values { exchange.lost() }
    }

    func stop(_ link: RelayLink) { link.send(.goAway, 0) }

    func leave(_ link: RelayLink) { for exchange in self.exchanges.values { exchange.leave() } }
}
