import HTTPServer

/// A WebSocket that forwards every call to another one. Subclasses change some. Loop-bound.
class ForwardingWebSocket: WebSocket {
    final let inner: any WebSocket

    init(_ inner: any WebSocket) { self.inner = inner }

    final var subprotocols: UnsafeBufferPointer<Octets> { self.inner.subprotocols }

    func receive() -> WebSocketReception { self.inner.receive() }

    func accept(subprotocol: Octets, fields: HeaderFields) -> SendOutcome {
        self.inner.accept(subprotocol: subprotocol, fields: fields)
    }

    func reject(status: Int, fields: HeaderFields) -> SendOutcome { self.inner.reject(status: status, fields: fields) }

    func reject(_ body: ResponseBody, more: Bool) -> SendOutcome { self.inner.reject(body, more: more) }

    func send(_ message: ResponseBody, isText: Bool) -> SendOutcome { self.inner.send(message, isText: isText) }

    func send(_ message: WebSocketMessage) -> SendOutcome { self.inner.send(message) }

    func close(code: Int, reason: Octets) -> SendOutcome { self.inner.close(code: code, reason: reason) }
}

@available(*, unavailable)
extension ForwardingWebSocket: Sendable {}
