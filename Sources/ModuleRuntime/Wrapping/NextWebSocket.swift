import HTTPServer

/// The WebSocket of an application that another one wraps.
final class NextWebSocket: ForwardingWebSocket {
    private unowned let exchange: NextExchange

    init(_ inner: any WebSocket, of exchange: NextExchange) {
        self.exchange = exchange
        super.init(inner)
    }

    override func accept(subprotocol: Octets, fields: HeaderFields) -> SendOutcome {
        self.exchange.begin(.acceptance, subprotocol: subprotocol, fields: fields) { _, subprotocol, fields in
            self.inner.accept(subprotocol: subprotocol, fields: fields)
        }
    }

    override func reject(status: Int, fields: HeaderFields) -> SendOutcome {
        self.exchange.begin(.rejection, status: status, fields: fields) { status, _, fields in
            self.inner.reject(status: status, fields: fields)
        }
    }
}
