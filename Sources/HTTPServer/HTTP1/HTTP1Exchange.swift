import NIOCore

/// One HTTP/1 request and its response. Loop-bound; recycled for another request after it has ended.
final class HTTP1Exchange: WebSocketRequest, RecyclableExchange {
    // SAFETY: the loop outlives its exchanges.
    unowned(unsafe) let loop: ServerLoop
    let head = RequestHead()
    private let proxied = ProxiedPeer()
    var peer: Peer { self.proxied.reported ?? self.origin!.peer }
    var isFromTrustedProxy: Bool { self.origin!.trustsPeer() }
    var errorPages: ErrorPages { self.loop.configuration.errorPages }
    var number: UInt64 = 0
    var owner: (any ExchangeOwner)?

    /// The connection of the request. Retained until the exchange is recycled.
    private var origin: HTTP1Connection?
    /// Whether the response is incomplete and the client is connected.
    private var isAttached = false
    private var response = HTTP1ResponseWriter()
    /// The WebSocket that the request asks for.
    private var socket: WebSocketSession?
    private var trailerList: FieldList?
    /// The part of the body that the last `receive` lent to the owner.
    private var lent: ByteBuffer?
    private var lastPartWasLent = false
    /// Whether the owner waits for a part of the body that has not arrived.
    private(set) var isStarved = false
    /// Whether the server has answered in the owner's place. What the owner still sends is then too late, not invalid.
    private var isRefused = false
    private var began: UInt64 = 0
    /// The number of requests that the exchange was used for. Distinguishes references to different requests.
    private(set) var use = 0

    init(loop: ServerLoop) { self.loop = loop }

    /// The connection, while the response is incomplete and the client is connected.
    var connection: HTTP1Connection? { self.isAttached ? self.origin : nil }

    /// Starts the exchange with a request whose header is complete.
    func start(on connection: HTTP1Connection, began: UInt64) {
        self.origin = connection
        self.isAttached = true
        self.response.start(self.head)
        if connection.peer.tls != nil { self.head.scheme = .https }
        self.lastPartWasLent = false
        self.isStarved = false
        self.isRefused = false
        self.proxied.clear()
        self.began = began
        self.number = 0
        self.use += 1
    }

    /// Applies the header fields in which a trusted proxy describes the client, and removes those of any other client.
    func evaluateProxyFields(_ rules: ForwardingRules, isTrusted: Bool) {
        self.proxied.evaluate(
            self.head, rules, near: self.origin!.peer, isTrusted: isTrusted,
            trusted: self.loop.configuration.trustedPeers)
    }

    // MARK: Request body

    func receive() -> Reception {
        self.lent = nil
        guard let connection else { return .disconnect }
        if self.lastPartWasLent { return .pending }
        let wasStarved = self.isStarved
        self.isStarved = false
        switch connection.receive() {
        case .part(let buffer, let more):
            self.lastPartWasLent = !more
            guard buffer.readableBytes > 0 else { return .part(.empty, more: more) }
            return .part(self.lend(buffer), more: more)
        case .incomplete:
            if !wasStarved { connection.restartClock() }
            self.isStarved = true
            return .pending
        case nil: return .disconnect
        }
    }

    /// Lends bytes, which stay valid until other bytes are lent, or the exchange is recycled.
    func lend(_ buffer: ByteBuffer) -> Octets {
        self.lent = buffer
        return buffer.withUnsafeReadableBytes { Octets($0) }
    }

    var trailers: HeaderFields { self.trailerList?.fields ?? HeaderFields(start: nil, count: 0) }

    /// Stores a trailer of the request body.
    func receive(trailer name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
        let list = self.trailerList ?? FieldList(most: self.loop.configuration.limits.fields)
        self.trailerList = list
        list.append(name: name, value: value)
    }

    /// Whether the owner has not yet received the end of the body.
    var awaitsBody: Bool { !self.lastPartWasLent }

    // MARK: Response

    var isOpen: Bool { self.connection != nil }

    func start(status: Int, fields: HeaderFields, trailers: Bool) -> SendOutcome {
        guard let connection else { return self.closedOutcome }
        do {
            try self.response.start(status: status, fields: fields, trailers: trailers, on: connection)
            return .done
        } catch { return .invalid(error) }
    }

    func hint(_ links: HeaderFields, isTaken: Bool) -> SendOutcome {
        guard let connection else { return self.closedOutcome }
        guard isTaken || connection.output.hasRoom else { return .full }
        do {
            try self.response.hint(links, on: connection)
            // A send on another thread was accepted without back-pressure: the sender now learns that it has to wait.
            return isTaken ? connection.outcome(for: self) : .done
        } catch { return .invalid(error) }
    }

    func send(_ body: ResponseBody, more: Bool) -> SendOutcome {
        guard let connection else { return self.closedOutcome }
        guard body.isTaken || connection.output.hasRoom else { return .full }
        do {
            let isLast = try self.response.write(body, more: more, on: connection)
            return self.sent(isLast: isLast, on: connection)
        } catch { return .invalid(error) }
    }

    func send(_ file: ResponseFile, more: Bool, isTaken: Bool) -> SendOutcome {
        guard let connection else { return self.closedOutcome }
        guard isTaken || connection.output.hasRoom else { return .full }
        do {
            let isLast = try self.response.write(file, more: more, on: connection)
            return self.sent(isLast: isLast, on: connection)
        } catch { return .invalid(error) }
    }

    func send(trailers: HeaderFields, more: Bool, isTaken: Bool) -> SendOutcome {
        guard let connection else { return self.closedOutcome }
        guard isTaken || connection.output.hasRoom else { return .full }
        do {
            let isLast = try self.response.write(trailers: trailers, more: more, on: connection)
            return self.sent(isLast: isLast, on: connection)
        } catch { return .invalid(error) }
    }

    func respond(status: Int, fields: HeaderFields, body: ResponseBody) -> SendOutcome {
        guard let connection else { return self.closedOutcome }
        guard body.isTaken || connection.output.hasRoom else { return .full }
        do {
            try self.response.respond(status: status, fields: fields, body: body, on: connection)
            return self.sent(isLast: true, on: connection)
        } catch { return .invalid(error) }
    }

    private func sent(isLast: Bool, on connection: HTTP1Connection) -> SendOutcome {
        if isLast { self.complete(connection) }
        return connection.outcome(for: self)
    }

    /// The outcome of a send without a connection.
    private var closedOutcome: SendOutcome {
        self.response.isComplete && !self.isRefused ? .invalid(.afterComplete) : .gone
    }

    // MARK: Ending

    func end(failed: Bool) -> Ending {
        self.owner = nil
        if let socket, socket.machine.isAccepted { return socket.end(failed: failed) }
        guard let connection else { return .complete }
        let isAnswered = self.answer(
            Refusal(status: 500, reason: "Internal Server Error"), close: false, on: connection)
        return isAnswered ? .answered : .aborted
    }

    func giveUp() { self.connection?.giveUp() }

    func recycle() {
        self.socket?.recycle()
        self.socket = nil
        self.lent = nil
        self.trailerList = nil
        self.response.trim()
        self.origin?.exchangeEnded()
        self.origin = nil
        self.loop.exchanges.recycle(self)
    }

    /// Detaches the exchange and notifies its owner that the client has disconnected.
    func disconnect() {
        guard self.isAttached else { return }
        self.detach(isCut: true)
        self.owner?.exchange(changed: .gone)
    }

    /// Refuses a request after its header: with the status if nothing was written yet, else by aborting the connection.
    func refuse(_ refusal: Refusal, on connection: HTTP1Connection) {
        self.isRefused = true
        _ = self.answer(refusal, close: true, on: connection)
        self.owner?.exchange(changed: .gone)
    }

    /// Answers in the owner's place. Returns false if a part of a response was already written: the connection is then
    /// aborted.
    private func answer(_ refusal: Refusal, close: Bool, on connection: HTTP1Connection) -> Bool {
        guard self.response.isReplaceable else {
            connection.cut()
            self.detach(isCut: true)
            return false
        }
        self.response.answer(refusal, to: self.head, close: close, on: connection)
        self.complete(connection)
        return true
    }

    private func complete(_ connection: HTTP1Connection) {
        self.detach(isCut: false)
        connection.responseComplete()
        self.owner?.exchange(changed: .complete)
    }

    /// Detaches the exchange from the connection, and logs it.
    private func detach(isCut: Bool) {
        guard let connection else { return }
        self.isAttached = false
        connection.exchangeLeft()
        guard let log = self.loop.log, log.logsRequests else { return }
        log.served(
            AccessRecord(
                peer: self.peer, head: self.head, status: self.response.status, bytes: self.response.bytesSent,
                nanoseconds: NIODeadline.now().uptimeNanoseconds &- self.began, number: self.number, isCut: isCut
            )
        )
    }

    // MARK: WebSocket

    var webSocket: (any WebSocket)? { self.socket }

    /// Sets the WebSocket of a request with a valid handshake.
    func offer(_ socket: WebSocketSession) { self.socket = socket }

    /// Answers an invalid handshake.
    func refuse(handshake refusal: Refusal, on connection: HTTP1Connection) {
        _ = self.answer(refusal, close: true, on: connection)
    }

    /// Answers 403 to a handshake that the owner has rejected.
    func answerForbidden() {
        guard let connection else { return }
        _ = self.answer(Refusal(status: 403, reason: "Forbidden"), close: false, on: connection)
    }

    /// Called when the handshake was accepted.
    func accepted() { self.response.switchProtocols() }

    /// Counts a message that was written to the client.
    func sent(message size: Int) { self.response.count(message: size) }

    /// Called when the WebSocket or its owner has ended.
    func socketLeft(isCut: Bool) { self.detach(isCut: isCut) }
}

@available(*, unavailable)
extension HTTP1Exchange: Sendable {}
