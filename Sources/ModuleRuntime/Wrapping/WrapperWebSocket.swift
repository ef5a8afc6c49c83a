import HTTPServer

/// The WebSocket of an application that wraps another, by the rules of `WrapperExchange`.
final class WrapperWebSocket: ForwardingWebSocket {
    private unowned let exchange: WrapperExchange

    init(_ inner: any WebSocket, of exchange: WrapperExchange) {
        self.exchange = exchange
        super.init(inner)
    }

    override func receive() -> WebSocketReception {
        guard self.exchange.isPassedOn else { return self.inner.receive() }
        if case .disconnect = self.exchange.receive() { return .disconnect(code: 1005, reason: .empty) }
        return .pending
    }

    override func accept(subprotocol: Octets, fields: HeaderFields) -> SendOutcome {
        guard self.exchange.isPassedOn else {
            return self.exchange.beginOwn { self.inner.accept(subprotocol: subprotocol, fields: fields) }
        }
        return self.exchange.begin(.acceptance, subprotocol: subprotocol, fields: fields)
    }

    override func reject(status: Int, fields: HeaderFields) -> SendOutcome {
        guard self.exchange.isPassedOn else {
            return self.exchange.beginOwn { self.inner.reject(status: status, fields: fields) }
        }
        return self.exchange.begin(.rejection, status: status, fields: fields)
    }

    override func reject(_ body: ResponseBody, more: Bool) -> SendOutcome {
        self.exchange.isPassedOn ? .invalid(.passedOn) : super.reject(body, more: more)
    }

    override func send(_ message: ResponseBody, isText: Bool) -> SendOutcome {
        self.exchange.isPassedOn ? .invalid(.passedOn) : super.send(message, isText: isText)
    }

    /// A message to a group reaches the client once, through the next application's scope if both are members.
    override func send(_ message: WebSocketMessage) -> SendOutcome {
        self.exchange.isPassedOn ? .invalid(.passedOn) : super.send(message)
    }

    override func close(code: Int, reason: Octets) -> SendOutcome {
        guard !self.exchange.isPassedOn else { return .invalid(.passedOn) }
        return self.exchange.beginOwn { self.inner.close(code: code, reason: reason) }
    }
}
