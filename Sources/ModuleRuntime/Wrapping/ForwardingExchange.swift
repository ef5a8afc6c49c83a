import HTTPServer

/// An exchange that forwards every call to another one, which it owns. Subclasses change some. Loop-bound.
class ForwardingExchange: Exchange, ExchangeOwner {
    final let inner: any Exchange
    final var owner: (any ExchangeOwner)?

    init(_ inner: any Exchange) {
        self.inner = inner
        inner.owner = self
    }

    func exchange(changed change: ExchangeChange) { self.owner?.exchange(changed: change) }

    var head: RequestHead { self.inner.head }
    final var peer: Peer { self.inner.peer }
    final var isFromTrustedProxy: Bool { self.inner.isFromTrustedProxy }
    final var errorPages: ErrorPages { self.inner.errorPages }
    final var number: UInt64 {
        get { self.inner.number }
        set { self.inner.number = newValue }
    }
    var webSocket: (any WebSocket)? { self.inner.webSocket }
    final var trailers: HeaderFields { self.inner.trailers }
    var isOpen: Bool { self.inner.isOpen }

    func receive() -> Reception { self.inner.receive() }

    func start(status: Int, fields: HeaderFields, trailers: Bool) -> SendOutcome {
        self.inner.start(status: status, fields: fields, trailers: trailers)
    }

    func hint(_ links: HeaderFields, isTaken: Bool) -> SendOutcome { self.inner.hint(links, isTaken: isTaken) }

    func send(_ body: ResponseBody, more: Bool) -> SendOutcome { self.inner.send(body, more: more) }

    func send(_ file: ResponseFile, more: Bool, isTaken: Bool) -> SendOutcome {
        self.inner.send(file, more: more, isTaken: isTaken)
    }

    func send(trailers: HeaderFields, more: Bool, isTaken: Bool) -> SendOutcome {
        self.inner.send(trailers: trailers, more: more, isTaken: isTaken)
    }

    func respond(status: Int, fields: HeaderFields, body: ResponseBody) -> SendOutcome {
        self.inner.respond(status: status, fields: fields, body: body)
    }

    final func giveUp() { self.inner.giveUp() }

    func end(failed: Bool) -> Ending {
        self.owner = nil
        return self.inner.end(failed: failed)
    }

    func recycle() { self.inner.recycle() }
}

@available(*, unavailable)
extension ForwardingExchange: Sendable {}
