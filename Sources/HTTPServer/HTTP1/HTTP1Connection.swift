import NIOCore

/// An HTTP/1 connection: the only handler of its channel. Loop-bound.
///
/// Performs what other types decide: `HTTP1StateMachine` determines the next step, `HTTP1Input` parses input,
/// `HTTP1Deadlines` detects timeouts, `HTTP1Backlog` delays requests. `ConnectionOutput` writes.
///
/// Requests are answered one after another. Pipelined requests wait in the input, which is read ahead up to one window.
/// After a WebSocket handshake was accepted, the connection belongs to its `WebSocketSession`.
final class HTTP1Connection: ChannelDuplexHandler, RemovableChannelHandler, OutputConnection, WebSocketCarrier {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let loop: ServerLoop
    let peer: Peer
    let output: ConnectionOutput
    private(set) var machine: HTTP1StateMachine
    private(set) var input: HTTP1Input
    private var deadlines: HTTP1Deadlines
    private var backlog = HTTP1Backlog()
    private var context: ChannelHandlerContext?
    /// The exchange whose response is not complete.
    private var exchange: HTTP1Exchange?
    /// The exchange of the next request, whose header is not complete.
    private var begun: HTTP1Exchange?
    /// The open WebSocket that the connection belongs to.
    private var socket: WebSocketSession?
    private var trust: PeerTrust
    private let redirect: SecureRedirection?
    /// What an HTTP/2 connection is started with, if the client begins with its preface.
    private let start: ConnectionStart
    /// Whether the client may still begin with that preface. False once the first request has begun.
    private var mayBecomeHTTP2: Bool
    private var isReady = false
    private var isProceeding = false
    /// Whether a read of the channel is withheld because the window is full.
    private var isReadHeld = false

    init(_ start: ConnectionStart, transport: (any SecureTransport)? = nil) {
        let loop = start.loop
        let configuration = loop.configuration
        self.loop = loop
        self.peer = start.peer
        self.trust = PeerTrust(start.proxies, passed: start.passedProxies)
        self.start = start
        // Over TLS the protocol was negotiated.
        self.mayBecomeHTTP2 = configuration.http2.isServed && transport == nil
        self.redirect = start.security.redirects ? SecureRedirection(start.security, configuration) : nil
        self.output = ConnectionOutput(loop: loop, transport: transport)
        self.machine = HTTP1StateMachine(unreadBody: configuration.unreadBody, limits: configuration.limits)
        self.input = HTTP1Input(limits: configuration.limits, readWindow: configuration.readWindow)
        self.deadlines = HTTP1Deadlines(now: loop.tick)
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.output.opened(context, for: self)
        self.loop.add(self)
    }

    func channelActive(context: ChannelHandlerContext) {
        guard self.loop.hasTooManyConnections else { return }
        // Refused at once: waiting for the request would keep the connection above the limit.
        self.loop.turn { self.refuse(Self.tooMany, nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.machine.closed()
        self.context = nil
        self.output.channelClosed()
        if let begun { self.loop.exchanges.recycle(begun) }
        self.begun = nil
        self.loop.remove(self)
        self.loop.turn {
            self.disconnect()
            self.notifyWaiting(.gone)
        }
        self.output.discard()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = self.unwrapInboundIn(data)
        self.input.append(&buffer)
        self.output.inputCame()
        // The header timeout counts from the first byte of the header, the linger time from the end of the output.
        switch self.machine.phase {
        case .exchange, .draining: self.restartClock()
        case .webSocket: self.socket?.received()
        case .idle, .head, .lingering, .closed: break
        }
        self.loop.turn { self.inputCame() }
        self.input.trim()
    }

    func read(context: ChannelHandlerContext) {
        if self.wantsInput { context.read() } else { self.isReadHeld = true }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let event = event as? ChannelEvent, event == .inputClosed else { return }
        self.restartClock()
        self.loop.turn {
            self.follow(self.machine.inputDidEnd())
            if let socket {
                socket.inputCame()
            } else if !self.machine.body.isComplete {
                self.exchange?.owner?.exchange(changed: .readable)
            }
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        let isWritable = context.channel.isWritable
        self.output.writabilityChanged(isWritable)
        if isWritable { self.loop.turn { self.outputRelieved() } }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A reset or another failure of the transport: no response is possible (channelInactive follows).
        self.output.closeNow(context)
    }

    // MARK: Reading

    private var wantsInput: Bool {
        !self.machine.inputEnded
            && self.input.wantsMore(in: self.machine.phase, isChunked: self.machine.body.isChunked)
    }

    func resumeReading() {
        guard self.isReadHeld, self.wantsInput, let context else { return }
        self.isReadHeld = false
        context.read()
    }

    // MARK: Requests

    private func inputCame() {
        guard !self.output.isClosing else { return self.input.clear() }
        if let socket {
            socket.inputCame()
        } else if let exchange, !self.machine.body.isComplete || exchange.awaitsBody {
            exchange.owner?.exchange(changed: .readable)
        } else {
            self.proceed()
        }
    }

    /// Processes the input until a request is being answered or is incomplete.
    func proceed() {
        self.isReady = false
        guard !self.isProceeding else { return }
        self.isProceeding = true
        defer { self.isProceeding = false }
        while !self.output.isClosing, self.step() {}
        self.resumeReading()
    }

    /// Performs one step. Returns false if there is nothing to process.
    private func step() -> Bool {
        switch self.machine.phase {
        case .idle, .head:
            let most = self.loop.configuration.unfinished
            guard !self.backlog.holdsBack(isCongested: self.output.isCongested, most: most) else { return false }
            if self.mayBecomeHTTP2, !self.input.isEmpty, self.followPreface() { return false }
            return self.parse()
        case .draining: return self.drain()
        case .webSocket:
            self.socket?.inputCame()
            return false
        case .exchange, .lingering, .closed: return false
        }
    }

    private func parse() -> Bool {
        guard !self.input.isEmpty else {
            self.follow(self.machine.starved())
            return false
        }
        if self.machine.phase == .idle { self.restartClock() }
        self.machine.headBegan()
        let exchange = self.begun ?? self.loop.exchanges.exchange(on: self.loop)
        self.begun = nil
        switch self.input.parseHeader(into: exchange.head) {
        case .complete:
            self.machine.headComplete(exchange.head.framing, version: exchange.head.version)
            self.exchange = exchange
            self.backlog.exchangeBegan()
            let began = self.loop.log?.logsRequests == true ? NIODeadline.now().uptimeNanoseconds : 0
            exchange.start(on: self, began: began)
            if exchange.head.hasProxyFields, let rules = self.trust.rules(self.loop.configuration) {
                exchange.evaluateProxyFields(rules, isTrusted: self.trustsPeer())
            }
            if let redirect, redirect.answer(exchange) { return true }
            if exchange.head.asksForWebSocket, !self.offerWebSocket(to: exchange) { return true }
            self.loop.handler.handle(exchange)
            return true
        case .incomplete:
            self.begun = exchange
            self.follow(self.machine.starved())
            return false
        case .refused(let refusal):
            self.refuse(refusal, exchange.head)
            self.loop.exchanges.recycle(exchange)
            return false
        }
    }

    /// Looks for the preface of HTTP/2. Returns whether no request of HTTP/1 is to be parsed.
    private func followPreface() -> Bool {
        switch self.input.peek({ HTTP2Preface.match($0) }) {
        case .no:
            self.mayBecomeHTTP2 = false
            return false
        case .partial:
            self.machine.headBegan()
            // What has arrived of it may also be a request that will never be complete.
            return !self.machine.inputEnded
        case .whole:
            self.becomeHTTP2()
            return true
        }
    }

    /// Hands the channel over to an HTTP/2 connection, which gets the input.
    private func becomeHTTP2() {
        guard let context, let connection = HTTP2Connection(self.start) else { return self.abort() }
        self.mayBecomeHTTP2 = false
        self.context = nil
        self.machine.closed()
        self.loop.remove(self)
        let pipeline = context.pipeline.syncOperations
        do {
            try pipeline.addHandler(connection, position: .after(self))
        } catch {
            // Only if the channel has been closed meanwhile.
            return context.close(promise: nil)
        }
        pipeline.removeHandler(self, promise: nil)
        var input = self.input.removeAll()
        connection.received(&input)
    }

    /// Whether the client of the connection is a trusted proxy.
    func trustsPeer() -> Bool { self.trust.trusts(self.peer, self.loop.configuration) }

    /// Drops the rest of a request body that the handler has not received.
    private func drain() -> Bool {
        guard !self.input.isEmpty || self.machine.inputEnded else { return false }
        var dropped = 0
        switch self.input.decode(&self.machine.body) {
        case .part(let range): dropped = range.count
        case .trailer(_, _, let consumed): dropped = consumed
        case .incomplete, .end: break
        case .refused(let refusal):
            // The response is complete: the client would take another one as the response to its next request.
            self.loop.log?.refused(peer: self.peer, status: refusal.status, reason: refusal.reason)
            self.input.clear()
            self.follow(self.machine.refused())
            return false
        }
        let next = self.machine.dropped(dropped)
        self.follow(next)
        return next == .parse || (next == .wait && dropped > 0)
    }

    private func follow(_ next: HTTP1StateMachine.Next) {
        switch next {
        case .wait: break
        case .parse, .drain: self.willProceed()
        case .close: self.output.close(.afterWrites(linger: false))
        case .linger: self.output.close(.afterWrites(linger: true))
        }
    }

    func willProceed() {
        guard !self.isReady, !self.isProceeding else { return }
        self.isReady = true
        self.loop.willProceed(self)
    }

    private static let tooMany = Refusal(
        status: 503, reason: "too many connections; try again later", lines: "retry-after: 1\r\n")

    /// Answers a request for which no exchange has begun, and closes. `head`: the parsed part of its header; nil if
    /// nothing has arrived.
    private func refuse(_ refusal: Refusal, _ head: RequestHead?) {
        self.loop.log?.refused(peer: self.peer, status: refusal.status, reason: refusal.reason)
        // A response to a HEAD has no body, whatever its status (RFC 9110 §9.3.2).
        let hasBody = head?.method.equals("HEAD") != true
        self.output.encode {
            HTTP1Encoder.write(
                refusal, ErrorAnswer(text: refusal.reason), persistence: .close, hasBody: hasBody, loop: self.loop,
                into: &$0)
        }
        if let log = self.loop.log, log.logsRequests {
            log.served(
                AccessRecord(
                    peer: self.peer, head: head ?? RequestHead(capacity: 1, fields: 1), status: refusal.status,
                    bytes: hasBody ? refusal.reason.utf8CodeUnitCount : 0,
                    nanoseconds: UInt64(self.deadlines.elapsed(now: self.loop.tick)) * 1_000_000_000, number: 0,
                    isCut: false
                )
            )
        }
        self.input.clear()
        self.follow(self.machine.refused())
    }

    // MARK: Called by the exchange

    /// Returns the next part of the request body; nil if the body is malformed, in which case the exchange has ended.
    func receive() -> HTTP1Input.Part? {
        if self.machine.awaitsContinue {
            self.machine.continued()
            if self.input.isEmpty {
                self.output.encode { HTTP1Encoder.write(Octets("HTTP/1.1 100 Continue\r\n\r\n"), into: &$0) }
            }
        }
        defer { self.resumeReading() }
        do throws(Refusal) {
            let part = try self.input.nextPart(of: &self.machine.body) {
                self.exchange?.receive(trailer: $0, value: $1)
            }
            if case .incomplete = part, self.machine.inputEnded { throw Refusal.badRequest("incomplete request body") }
            return part
        } catch {
            // The client gets the refusal if nothing was written yet. The handler is told that the client disconnected.
            let peer = self.exchange?.peer ?? self.peer
            self.loop.log?.refused(peer: peer, status: error.status, reason: error.reason)
            self.exchange?.refuse(error, on: self)
            return nil
        }
    }

    /// Decides whether the connection stays open after the response. Returns the `connection` field of its header.
    func persistence(close: Bool, isWhole: Bool) -> HTTP1Encoder.Persistence {
        // In a shutdown, and after the client's half-close, all requests that have arrived are still answered.
        let hasMore = (self.loop.isStopping || self.machine.inputEnded) && self.hasMore
        return self.machine.persistence(
            close: close || (self.loop.isStopping && !hasMore), isWhole: isWhole, hasMore: hasMore)
    }

    /// Whether the client has already sent its next request, or a part of it.
    private var hasMore: Bool { !self.output.isClosing && self.input.peek { self.machine.hasMore(in: $0) } }

    /// Returns the outcome of an accepted `send`.
    func outcome(for exchange: HTTP1Exchange) -> SendOutcome {
        guard self.output.isCongested else { return .done }
        self.backlog.wait(exchange)
        return .pending
    }

    /// Detaches the current exchange from the connection.
    func exchangeLeft() { self.exchange = nil }

    func responseComplete() {
        self.restartClock()
        self.follow(self.machine.responseComplete())
    }

    /// Called when an exchange of this connection and its owner have ended.
    func exchangeEnded() {
        self.backlog.exchangeEnded()
        self.releaseBacklog()
    }

    /// Restarts the deadline of the current phase.
    func restartClock() { self.deadlines.restart(now: self.loop.tick) }

    // MARK: Output

    func flush() { self.output.flush() }

    /// Called when pending output may have fallen below the high-water mark.
    func outputRelieved() {
        guard !self.output.isCongested else { return }
        self.notifyWaiting(.writable)
        self.socket?.answerOwedPing()
        self.releaseBacklog()
    }

    private func notifyWaiting(_ change: ExchangeChange) {
        for (exchange, use) in self.backlog.removeWaiting() where exchange.use == use {
            exchange.owner?.exchange(changed: change)
        }
    }

    private func releaseBacklog() { if self.backlog.release() { self.willProceed() } }

    /// Called when all output is written. Returns whether the connection lingers, reading the client's side.
    func outputEnded(linger: Bool) -> Bool {
        guard linger, !self.machine.inputEnded else { return false }
        self.restartClock()
        return true
    }

    // MARK: WebSocket

    /// Creates the WebSocket of a valid handshake. Returns false if the handshake was refused without the handler.
    private func offerWebSocket(to exchange: HTTP1Exchange) -> Bool {
        do {
            let handshake = try WebSocketHandshake(
                exchange.head, deflates: self.loop.configuration.webSocket.deflates)
            exchange.offer(WebSocketSession(handshake, for: exchange, on: self, loop: self.loop))
            return true
        } catch {
            self.loop.log?.refused(peer: exchange.peer, status: error.status, reason: error.reason)
            exchange.refuse(handshake: error, on: self)
            exchange.recycle()
            return false
        }
    }

    /// Hands the connection to an accepted WebSocket. Input after the handshake is processed when the turn ends.
    func accept(_ handshake: AcceptedHandshake, for socket: WebSocketSession) {
        self.output.encode { handshake.write(loop: self.loop, into: &$0) }
        self.socket = socket
        self.machine.upgraded()
        self.willProceed()
    }

    /// Called when the WebSocket has ended: closes the connection after pending writes.
    func socketEnded() {
        self.socket = nil
        self.input.clear()
        self.restartClock()
        self.follow(self.machine.socketEnded())
    }

    var hasNoInput: Bool { self.input.isEmpty }
    var hasInputEnded: Bool { self.machine.inputEnded }

    func peekInput(_ body: (UnsafeRawBufferPointer) -> Bool) -> Bool { self.input.peek(body) }

    func consumeInput(
        _ body: (UnsafeRawBufferPointer) -> (step: WebSocketReader.Step, consumed: Int)
    ) -> WebSocketReader.Step { self.input.consume(body) }

    var hasRoom: Bool { self.output.hasRoom }
    var hasUnsent: Bool { self.output.unsent > 0 }

    func encode(_ body: (inout ByteBuffer) -> Void) { self.output.encode(body) }
    func write(_ body: ResponseBody) { self.output.write(body) }
    func write(shared bytes: ByteBuffer) { self.output.write(shared: bytes) }

    func sentOutcome() -> SendOutcome { self.exchange.map(self.outcome) ?? .gone }

    /// Whether the client's half-close was too long ago for the client to be still connected.
    var isHalfClosedTooLong: Bool {
        self.machine.inputEnded
            && self.deadlines.elapsed(now: self.loop.tick) > self.loop.configuration.halfCloseTime
    }

    // MARK: Closing

    var isCounted: Bool { true }
    var serves: Bool { true }

    func checkDeadlines() {
        // A reset also drops what the kernel still buffers for this client.
        guard !self.output.isStuck() else { return self.abort(reset: true) }
        let situation = HTTP1Deadlines.Situation(
            phase: self.machine.phase, inputEnded: self.machine.inputEnded,
            awaitsBody: !self.machine.body.isComplete && self.exchange?.isStarved == true,
            isBusy: self.backlog.isHeldBack || !self.output.isDrained, outputEnded: self.output.hasEnded)
        switch self.deadlines.check(situation, now: self.loop.tick, self.loop.configuration) {
        case .none: break
        case .close: self.follow(self.machine.stop())
        case .refuseHeader(let refusal): self.refuse(refusal, self.begun?.head)
        case .refuseBody(let refusal): self.exchange?.refuse(refusal, on: self)
        case .abort: self.abort()
        case .checkWebSocket: self.socket?.checkDeadlines()
        }
    }

    func closeIfIdle() {
        // A connection is not idle while a response is being written, or while its next request is held back.
        guard self.machine.phase == .idle, !self.backlog.isHeldBack, self.output.unsent == 0 else { return }
        self.follow(self.machine.stop())
    }

    /// Closes a WebSocket, and aborts any other connection. A lingering connection has its own timeout.
    func giveUp() {
        switch self.machine.phase {
        case .webSocket: self.socket?.closeForRestart()
        case .lingering, .closed: break
        case .idle, .head, .exchange, .draining: self.abort()
        }
    }

    func abort() { self.abort(reset: false) }

    /// Closes the connection at once, whatever is in progress. `reset`: also drops what the kernel has not sent.
    func abort(reset: Bool) {
        self.disconnect()
        self.cut(reset: reset)
    }

    /// Closes at once, so that an incomplete response does not look complete.
    func cut() { self.cut(reset: false) }

    private func cut(reset: Bool) {
        self.machine.closed()
        self.output.close(.cut(reset: reset))
    }

    /// Ends the current exchange or WebSocket: the client has disconnected.
    private func disconnect() {
        guard let socket else { return self.exchange?.disconnect() ?? () }
        self.socket = nil
        socket.connectionLost()
    }
}

@available(*, unavailable)
extension HTTP1Connection: Sendable {}
