import NIOCore

/// One request of an HTTP/2 connection and its response. Loop-bound; recycled for another request after it has ended.
final class HTTP2Exchange: WebSocketRequest, RecyclableExchange, IndexedElement {
    // SAFETY: the loop outlives its exchanges.
    unowned(unsafe) let loop: ServerLoop
    let head = RequestHead()
    private let proxied = ProxiedPeer()
    var peer: Peer { self.proxied.reported ?? self.origin!.peer }
    var isFromTrustedProxy: Bool { self.origin!.trustsPeer() }
    var errorPages: ErrorPages { self.loop.configuration.errorPages }
    var number: UInt64 = 0
    var owner: (any ExchangeOwner)?

    /// The connection and the stream of the request. Retained until the exchange is recycled.
    private var origin: HTTP2Connection?
    private(set) var stream: HTTP2Stream?
    /// Whether the response is incomplete and the client is connected.
    private var isAttached = false
    private var response = HTTP2ResponseWriter()
    /// The WebSocket that the request asks for, and what carries it.
    private var socket: WebSocketSession?
    private var carrier: HTTP2WebSocketCarrier?
    private var trailerList: FieldList?
    /// The part of the body that the last `receive` lent to the owner.
    private var lent: ByteBuffer?
    private var lastPartWasLent = false
    /// The tick since which the owner waits for a part of the body that has not arrived; nil if it does not.
    private var starvedSince: Int?
    private var awaitsContinue = false
    /// Whether the server has answered in the owner's place. What the owner still sends is then too late, not invalid.
    private var isRefused = false
    /// Whether a `send` returned `.pending`.
    private var isWaiting = false
    private var began: UInt64 = 0
    /// The index in the list of the connection's exchanges.
    var index = 0

    init(loop: ServerLoop) { self.loop = loop }

    /// The connection, while the response is incomplete and the client is connected.
    var connection: HTTP2Connection? { self.isAttached ? self.origin : nil }

    /// Starts the exchange with a stream whose header has arrived. Throws a `Refusal` if the header is not valid.
    func start(_ stream: HTTP2Stream, on connection: HTTP2Connection, began: UInt64) throws(Refusal) {
        self.origin = connection
        self.stream = stream
        stream.exchange = self
        self.isAttached = true
        self.lastPartWasLent = false
        self.starvedSince = nil
        self.awaitsContinue = false
        self.isRefused = false
        self.isWaiting = false
        self.proxied.clear()
        self.began = began
        self.number = 0
        defer {
            // Also for an answer to a header that was read in part.
            self.response.start(self.head)
            stream.block.clear()
        }
        try HTTP2HeadReader.read(
            stream.block, isEnd: stream.isBodiless, limits: self.loop.configuration.limits, into: self.head)
        if connection.peer.tls != nil { self.head.scheme = .https }
        self.awaitsContinue = self.head.framing.expectsContinue && !stream.input.hasEnded
        if self.head.hasProxyFields, let rules = connection.proxyRules {
            self.proxied.evaluate(
                self.head, rules, near: connection.peer, isTrusted: connection.trustsPeer(),
                trusted: self.loop.configuration.trustedPeers)
        }
    }

    // MARK: Request body

    func receive() -> Reception {
        self.lent = nil
        guard let connection, let stream else { return .disconnect }
        if self.lastPartWasLent { return .pending }
        guard let (part, more) = stream.input.removeAll() else {
            if self.awaitsContinue {
                self.awaitsContinue = false
                connection.sendContinue(on: stream)
            }
            if self.starvedSince == nil { self.starvedSince = self.loop.tick }
            return .pending
        }
        self.starvedSince = nil
        self.awaitsContinue = false
        self.lastPartWasLent = !more
        if !more {
            do throws(Refusal) { try self.receiveTrailers(of: stream) } catch {
                self.refuse(error, on: connection)
                return .disconnect
            }
        }
        guard part.readableBytes > 0 else { return .part(.empty, more: more) }
        connection.consume(part.readableBytes, of: stream)
        return .part(self.lend(part), more: more)
    }

    /// Checks and stores the trailers of the request, by the rules of HTTP/1.
    private func receiveTrailers(of stream: HTTP2Stream) throws(Refusal) {
        if let fault = stream.trailers.fault { throw fault }
        guard !stream.trailers.isEmpty else { return }
        var isRefused = false
        let list = FieldList(most: max(stream.trailers.fieldCount, 1))
        stream.trailers.forEach { name, value in
            switch TrailerField.kind(name) {
            case .allowed: list.append(name: name, value: value)
            case .discarded: break
            case .refused: isRefused = true
            }
        }
        guard !isRefused else {
            throw .badRequest("forbidden trailer field (framing, routing or authentication)")
        }
        self.trailerList = list
    }

    /// Lends bytes, which stay valid until other bytes are lent, or the exchange is recycled.
    func lend(_ buffer: ByteBuffer) -> Octets {
        self.lent = buffer
        return buffer.withUnsafeReadableBytes { Octets($0) }
    }

    var trailers: HeaderFields { self.trailerList?.fields ?? HeaderFields(start: nil, count: 0) }

    /// Called when bytes of the body, or its end, have arrived.
    func bodyCame() {
        guard let connection, let stream else { return }
        if let socket, socket.machine.isAccepted {
            self.carrier?.inputCame()
            return
        }
        if let limit = self.loop.configuration.limits.body, stream.input.arrived > limit {
            return self.refuse(RequestBody.tooLarge, on: connection)
        }
        if self.starvedSince != nil { self.starvedSince = self.loop.tick }
        if !self.lastPartWasLent { self.owner?.exchange(changed: .readable) }
    }

    // MARK: Response

    var isOpen: Bool { self.connection != nil }

    func start(status: Int, fields: HeaderFields, trailers: Bool) -> SendOutcome {
        guard self.isOpen else { return self.closedOutcome }
        do {
            try self.response.start(status: status, fields: fields, trailers: trailers)
            return .done
        } catch { return .invalid(error) }
    }

    func hint(_ links: HeaderFields, isTaken: Bool) -> SendOutcome {
        guard let connection, let stream else { return self.closedOutcome }
        guard isTaken || connection.hasRoom(for: stream) else { return .full }
        do {
            try self.response.hint(links, on: stream, of: connection)
            connection.setDirty()
            // A send on another thread was accepted without back-pressure: the sender now learns that it has to wait.
            return isTaken ? self.outcome(connection, stream) : .done
        } catch { return .invalid(error) }
    }

    func send(_ body: ResponseBody, more: Bool) -> SendOutcome {
        guard let connection, let stream else { return self.closedOutcome }
        guard body.isTaken || connection.hasRoom(for: stream) else { return .full }
        do {
            let isLast = try self.response.write(body, more: more, on: stream, of: connection)
            return self.sent(isLast: isLast, connection, stream)
        } catch { return .invalid(error) }
    }

    func send(_ file: ResponseFile, more: Bool, isTaken: Bool) -> SendOutcome {
        guard let connection, let stream else { return self.closedOutcome }
        guard isTaken || (connection.hasRoom(for: stream) && stream.body.files < self.loop.configuration.files) else {
            return .full
        }
        do {
            let isLast = try self.response.write(file, more: more, on: stream, of: connection)
            return self.sent(isLast: isLast, connection, stream)
        } catch { return .invalid(error) }
    }

    func send(trailers: HeaderFields, more: Bool, isTaken: Bool) -> SendOutcome {
        guard let connection, let stream else { return self.closedOutcome }
        guard isTaken || connection.hasRoom(for: stream) else { return .full }
        do {
            let isLast = try self.response.write(trailers: trailers, more: more, on: stream, of: connection)
            return self.sent(isLast: isLast, connection, stream)
        } catch { return .invalid(error) }
    }

    func respond(status: Int, fields: HeaderFields, body: ResponseBody) -> SendOutcome {
        guard let connection, let stream else { return self.closedOutcome }
        guard body.isTaken || connection.hasRoom(for: stream) else { return .full }
        do {
            try self.response.respond(status: status, fields: fields, body: body, on: stream, of: connection)
            return self.sent(isLast: true, connection, stream)
        } catch { return .invalid(error) }
    }

    private func sent(isLast: Bool, _ connection: HTTP2Connection, _ stream: HTTP2Stream) -> SendOutcome {
        connection.wrote(stream)
        if isLast {
            self.detach(isCut: false)
            self.owner?.exchange(changed: .complete)
        }
        return self.outcome(connection, stream)
    }

    /// The outcome of an accepted send.
    private func outcome(_ connection: HTTP2Connection, _ stream: HTTP2Stream) -> SendOutcome {
        guard connection.isCongested(stream) else { return .done }
        self.isWaiting = true
        return .pending
    }

    /// The outcome of a send without a connection.
    private var closedOutcome: SendOutcome {
        self.response.isComplete && !self.isRefused ? .invalid(.afterComplete) : .gone
    }

    /// Called when bytes of the response were sent.
    func bodySent(_ connection: HTTP2Connection) {
        guard let stream else { return }
        self.carrier?.outputSent()
        guard self.isWaiting, !connection.isCongested(stream) else { return }
        self.isWaiting = false
        self.owner?.exchange(changed: .writable)
    }

    // MARK: Ending

    func end(failed: Bool) -> Ending {
        self.owner = nil
        if let socket, socket.machine.isAccepted { return socket.end(failed: failed) }
        guard let connection else { return .complete }
        let isAnswered = self.answer(Refusal(status: 500, reason: "Internal Server Error"), on: connection)
        return isAnswered ? .answered : .aborted
    }

    func giveUp() {
        guard let connection, let stream else { return }
        if let socket, socket.machine.isAccepted {
            self.carrier?.closeForRestart()
            return
        }
        connection.reset(stream, .internalError)
        self.disconnect()
    }

    func recycle() {
        self.socket?.recycle()
        self.carrier?.exchangeLeft()
        self.socket = nil
        self.carrier = nil
        self.lent = nil
        self.trailerList = nil
        if let stream, let origin { origin.exchangeEnded(self, stream) }
        self.stream = nil
        self.origin = nil
        self.loop.http2Exchanges.recycle(self)
    }

    /// Detaches the exchange and notifies its owner that the client has disconnected.
    func disconnect() {
        if let carrier, self.socket?.machine.isAccepted == true { return carrier.lost() }
        guard self.isAttached else {
            // The response was complete, but not all of it was sent: its sender may wait for that.
            if self.isWaiting {
                self.isWaiting = false
                self.owner?.exchange(changed: .gone)
            }
            return
        }
        self.detach(isCut: true)
        self.owner?.exchange(changed: .gone)
    }

    /// Refuses a request: with the status if nothing was written yet, else by resetting the stream.
    func refuse(_ refusal: Refusal, on connection: HTTP2Connection) {
        self.isRefused = true
        self.loop.log?.refused(peer: self.peer, status: refusal.status, reason: refusal.reason)
        _ = self.answer(refusal, on: connection)
        self.owner?.exchange(changed: .gone)
    }

    /// Answers in the owner's place. Returns false if a part of a response was already written: the stream is then
    /// reset, so that the client does not mistake the part for a complete response.
    private func answer(_ refusal: Refusal, on connection: HTTP2Connection) -> Bool {
        guard let stream else { return false }
        guard self.response.isReplaceable else {
            connection.reset(stream, .internalError)
            self.detach(isCut: true)
            return false
        }
        self.response.answer(refusal, to: self.head, on: stream, of: connection)
        connection.wrote(stream)
        self.detach(isCut: false)
        self.owner?.exchange(changed: .complete)
        return true
    }

    /// Detaches the exchange from the connection, and logs it.
    private func detach(isCut: Bool) {
        guard self.isAttached else { return }
        self.isAttached = false
        guard let log = self.loop.log, log.logsRequests else { return }
        log.served(
            AccessRecord(
                peer: self.peer, head: self.head, status: self.response.status, bytes: self.response.bytesSent,
                nanoseconds: NIODeadline.now().uptimeNanoseconds &- self.began, number: self.number, isCut: isCut
            )
        )
    }

    // MARK: Deadlines

    /// Ends a request whose body does not arrive. Called once a second.
    func checkDeadlines(_ connection: HTTP2Connection) {
        self.carrier?.checkDeadlines()
        guard let since = self.starvedSince, self.isAttached,
            self.loop.tick - since > self.loop.configuration.bodyTime
        else { return }
        self.refuse(Refusal(status: 408, reason: "timeout while receiving the request body"), on: connection)
    }

    // MARK: WebSocket

    var webSocket: (any WebSocket)? { self.socket }

    /// Makes the WebSocket of a request that asks for one. Throws a `Refusal` if the handshake is not valid.
    func offerWebSocket(on connection: HTTP2Connection) throws(Refusal) {
        guard let stream else { return }
        let handshake = try WebSocketHandshake(self.head, deflates: self.loop.configuration.webSocket.deflates)
        let carrier = HTTP2WebSocketCarrier(connection, stream, self)
        self.carrier = carrier
        self.socket = WebSocketSession(handshake, for: self, on: carrier, loop: self.loop)
    }

    func answerForbidden() {
        guard let connection else { return }
        _ = self.answer(Refusal(status: 403, reason: "Forbidden"), on: connection)
    }

    func accepted() { self.response.switchProtocols() }

    func sent(message size: Int) { self.response.count(message: size) }

    func socketLeft(isCut: Bool) { self.detach(isCut: isCut) }

    /// The outcome of an accepted message.
    func messageOutcome() -> SendOutcome {
        guard let connection, let stream else { return .gone }
        return self.outcome(connection, stream)
    }
}

@available(*, unavailable)
extension HTTP2Exchange: Sendable {}
