import CHTTP2
import Glibc
import NIOCore

/// An HTTP/2 connection: the last handler of its channel. Loop-bound.
///
/// `HTTP2Session` implements the protocol, and `ConnectionOutput` writes. After each call of the session the connection
/// handles the recorded events: it creates exchanges, and notifies them of input and of sent output. While the output is
/// congested, the connection reads nothing from the client, which bounds the answers to control frames.
final class HTTP2Connection: ChannelDuplexHandler, OutputConnection {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let loop: ServerLoop
    let peer: Peer
    let output: ConnectionOutput
    let session: HTTP2Session
    private var trust: PeerTrust
    private let redirect: SecureRedirection?
    private var context: ChannelHandlerContext?
    /// The exchanges that are not recycled.
    private var exchanges = IndexedList<HTTP2Exchange>()
    /// The events that are being handled.
    private var events: [HTTP2Session.Event] = []
    /// The requests that wait until pending output has fallen below its limit, in their order.
    private var waiting: [HTTP2Stream] = []
    /// The input that is not processed while the output is congested.
    private var input = ByteBuffer()
    private var inputEnded = false
    /// The tick since which the connection has no exchange, or waits for the rest of a header.
    private var since: Int
    private var isDirty = false
    /// Whether output waits in the session until the client has read earlier output.
    private var isFlushHeld = false
    private var isReadHeld = false
    private var isHandling = false
    private var isFaultLogged = false
    /// Work of WebSockets for the end of the turn.
    private var atTurnEnd: [() -> Void] = []
    private var shutdown = HTTP2Shutdown()

    /// The maximum bytes that are serialized for one write.
    private static let maxWrite = 256 * 1024

    /// Nil without memory.
    init?(_ start: ConnectionStart, transport: (any SecureTransport)? = nil) {
        guard
            let session = HTTP2Session(
                start.loop.configuration, fields: start.loop.http2Fields, now: start.loop.tick)
        else { return nil }
        self.loop = start.loop
        self.peer = start.peer
        self.session = session
        self.trust = PeerTrust(start.proxies, passed: start.passedProxies)
        self.redirect = start.security.redirects ? SecureRedirection(start.security, start.loop.configuration) : nil
        self.output = ConnectionOutput(loop: start.loop, transport: transport)
        self.since = start.loop.tick
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.output.opened(context, for: self)
        self.loop.add(self)
        // The server's settings come first (RFC 9113 §3.4).
        self.loop.turn { self.setDirty() }
    }

    func channelActive(context: ChannelHandlerContext) {
        guard self.loop.hasTooManyConnections else { return }
        self.loop.turn {
            self.isFaultLogged = true
            self.loop.log?.refused(peer: self.peer, reason: "too many connections")
            self.end(.refusedStream)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        self.shutdown.close()
        self.output.channelClosed()
        self.loop.remove(self)
        self.loop.turn { self.disconnectAll() }
        self.output.discard()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = self.unwrapInboundIn(data)
        self.output.inputCame()
        self.loop.turn { self.received(&buffer) }
    }

    /// Processes input, or keeps it while the output is congested.
    func received(_ buffer: inout ByteBuffer) {
        guard !self.shutdown.isClosing else { return }
        guard !self.output.isCongested, self.input.readableBytes == 0 else {
            self.input.writeBuffer(&buffer)
            return
        }
        self.process(buffer)
    }

    func read(context: ChannelHandlerContext) {
        if self.wantsInput { context.read() } else { self.isReadHeld = true }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event as? ChannelEvent == .inputClosed else { return }
        // Nothing more can be answered to a client that cannot send window updates; what is pending is still written.
        self.inputEnded = true
        self.since = self.loop.tick
        self.loop.turn { if self.exchanges.isEmpty { self.close() } }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        let isWritable = context.channel.isWritable
        self.output.writabilityChanged(isWritable)
        if isWritable { self.loop.turn { self.outputRelieved() } }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { self.output.closeNow(context) }

    // MARK: Input

    private var wantsInput: Bool {
        !self.shutdown.isClosing && !self.inputEnded && self.input.readableBytes == 0 && !self.output.isCongested
    }

    func resumeReading() {
        guard self.isReadHeld, self.wantsInput, let context else { return }
        self.isReadHeld = false
        context.read()
    }

    private func process(_ buffer: ByteBuffer) {
        let isValid = buffer.withUnsafeReadableBytes { self.session.receive($0, now: self.loop.tick) }
        if !isValid { self.failed() }
        self.handleEvents()
        self.setDirty()
    }

    /// Closes the connection after the session has written the reason.
    private func failed() {
        self.setDirty()
        self.close()
    }

    /// Logs once why the connection ends, if that is the client's fault.
    private func logFault() {
        guard !self.isFaultLogged, let reason = self.session.excess ?? self.session.error.map(HTTP2ErrorCode.fault)
        else { return }
        self.isFaultLogged = true
        self.loop.log?.refused(peer: self.peer, reason: reason)
    }

    private func handleEvents() {
        // A handler may cause further events, which are handled in order.
        guard !self.isHandling else { return }
        self.isHandling = true
        defer { self.isHandling = false }
        while self.session.moveEvents(to: &self.events) {
            for event in self.events { self.handle(event) }
        }
    }

    private func handle(_ event: HTTP2Session.Event) {
        switch event {
        case .request(let stream):
            self.waiting.append(stream)
            self.beginWaiting()
        case .readable(let stream):
            stream.isReadableNoted = false
            if let exchange = stream.exchange, exchange.isOpen {
                exchange.bodyCame()
            } else if let carrier = stream.carrier {
                carrier.inputCame()
            } else if !self.waiting.contains(where: { $0 === stream }) {
                // The exchange has ended before its request body.
                self.drop(stream)
            }
        case .sent(let stream): self.handleSent(stream)
        case .closed(let stream):
            self.release(stream)
            self.waiting.removeAll { $0 === stream }
            stream.exchange?.disconnect()
            self.loseCarrier(of: stream)
            self.session.drop(stream)
            self.release(stream)
            self.session.closeHandled(stream)
        case .pong: if self.shutdown.confirm() { self.refuseNew() }
        }
    }

    /// Drops the received part of a request body whose exchange has ended.
    func drop(_ stream: HTTP2Stream) {
        if let (part, _) = stream.input.removeAll() { self.consume(part.readableBytes, of: stream) }
    }

    // MARK: Requests

    /// Begins requests as long as the pending output is below its limit: a request that begins can always answer.
    private func beginWaiting() {
        while let stream = self.waiting.first, self.session.pending < self.loop.configuration.http2.output {
            self.waiting.removeFirst()
            self.begin(stream)
        }
    }

    private func begin(_ stream: HTTP2Stream) {
        guard self.exchanges.count < self.loop.configuration.http2.streams, stream.error == nil else {
            self.reset(stream, .refusedStream)
            return
        }
        let exchange = self.loop.http2Exchanges.exchange(on: self.loop)
        self.exchanges.append(exchange)
        self.loop.multiplexedExchangeBegan()
        let began = self.loop.log?.logsRequests == true ? NIODeadline.now().uptimeNanoseconds : 0
        do throws(Refusal) {
            try exchange.start(stream, on: self, began: began)
            if let redirect, redirect.answer(exchange) { return }
            if exchange.head.asksForWebSocket { try exchange.offerWebSocket(on: self) }
        } catch {
            exchange.refuse(error, on: self)
            return exchange.recycle()
        }
        self.loop.handler.handle(exchange)
    }

    /// The rules for the fields of proxies; nil for none.
    var proxyRules: ForwardingRules? { self.trust.rules(self.loop.configuration) }

    /// Whether the client of the connection is a trusted proxy.
    func trustsPeer() -> Bool { self.trust.trusts(self.peer, self.loop.configuration) }

    // MARK: Called by an exchange

    func consume(_ size: Int, of stream: HTTP2Stream) {
        self.session.consume(stream, size)
        self.setDirty()
    }

    func sendContinue(on stream: HTTP2Stream) {
        let fields = self.loop.http2Fields
        fields.clear(fields: 1, nameBytes: 16)
        fields.append(":status", number: 100)
        self.session.sendInterim(stream, fields.all)
        self.setDirty()
    }

    /// Called when a part of a response was written to the stream.
    func wrote(_ stream: HTTP2Stream) {
        self.session.recount(stream)
        self.release(stream)
        self.setDirty()
    }

    /// Releases the bodies that were sent or dropped.
    private func release(_ stream: HTTP2Stream) {
        guard !stream.body.released.isEmpty else { return }
        for body in stream.body.removeReleased() { self.loop.willRelease(body) }
    }

    func reset(_ stream: HTTP2Stream, _ code: HTTP2ErrorCode) {
        self.session.drop(stream)
        self.release(stream)
        self.session.reset(stream, code)
        self.setDirty()
    }

    /// Reads a file for a response.
    func pieces(of file: ResponseFile, for stream: HTTP2Stream) -> FilePieces {
        let descriptor = file.detachDescriptor()
        return FilePieces(
            descriptor, file.offset..<(file.offset + file.count), on: self.loop.eventLoop,
            ready: { [weak self, weak stream] in
                guard let self, let stream else { return }
                self.loop.turn {
                    self.session.resume(stream)
                    self.setDirty()
                }
            }, closed: { Glibc.close(descriptor) })
    }

    /// Called when an exchange and its owner have ended.
    func exchangeEnded(_ exchange: HTTP2Exchange, _ stream: HTTP2Stream) {
        self.exchanges.remove(exchange)
        self.loop.multiplexedExchangeEnded()
        if stream.error == nil, stream.carrier == nil {
            // The rest of the request is not read (RFC 9113 §8.1).
            if !stream.input.hasEnded, stream.body.isEmpty { self.session.reset(stream, .noError) }
            self.drop(stream)
            self.setDirty()
        }
        self.session.release(stream)
        if self.exchanges.isEmpty {
            self.since = self.loop.tick
            if self.inputEnded { self.close() }
        }
    }

    /// Calls `body` when the turn ends.
    func whenTurnEnds(_ body: @escaping () -> Void) {
        self.atTurnEnd.append(body)
        if self.atTurnEnd.count == 1 { self.loop.willProceed(self) }
    }

    func proceed() {
        let work = self.atTurnEnd
        self.atTurnEnd = []
        for body in work { body() }
    }

    // MARK: Output

    /// Whether another send may be accepted: the first one is, of any size, as in HTTP/1.
    func hasRoom(for stream: HTTP2Stream) -> Bool {
        if stream.body.size == 0 { return true }
        return stream.body.size < self.loop.configuration.writeLimit
            && self.session.pending < self.loop.configuration.http2.output
    }

    /// Whether a sender has to wait.
    func isCongested(_ stream: HTTP2Stream) -> Bool { stream.body.size > self.loop.configuration.writeMark }

    /// Requests a call of `flush` with the loop's batch.
    func setDirty() {
        guard !self.isDirty, self.context != nil else { return }
        self.isDirty = true
        self.loop.willFlush(self)
    }

    func flush() {
        self.isDirty = false
        guard self.context != nil else { return self.output.discard() }
        var isLeft: Bool? = false
        self.isFlushHeld = self.output.isCongested
        if !self.isFlushHeld {
            var buffer = ByteBuffer()
            swap(&buffer, &self.loop.http2Buffer)
            buffer.clear(minimumCapacity: 16 * 1024)
            isLeft = self.session.serialize(into: &buffer, most: Self.maxWrite, now: self.loop.tick)
            if buffer.readableBytes > 0 { self.output.write(shared: buffer) }
            swap(&buffer, &self.loop.http2Buffer)
        }
        if isLeft == nil {
            self.failed()
        } else if !self.shutdown.isClosing, self.session.hasEnded {
            self.close()
        }
        if isLeft == true { self.isFlushHeld = true }
        // Calls `outputRelieved`, unless the output is congested.
        self.output.flush()
        self.logFault()
        self.handleEvents()
        if !self.waiting.isEmpty { self.loop.turn { self.beginWaiting() } }
    }

    private func handleSent(_ stream: HTTP2Stream) {
        stream.isSentNoted = false
        self.release(stream)
        guard !stream.body.hasFailed else {
            // A file has become too short.
            self.reset(stream, .internalError)
            stream.exchange?.disconnect()
            return
        }
        if let exchange = stream.exchange {
            exchange.bodySent(self)
        } else if let carrier = stream.carrier {
            carrier.outputSent()
        } else if stream.body.isEmpty, !stream.input.hasEnded {
            // The rest of the request is not read (RFC 9113 §8.1).
            self.session.reset(stream, .noError)
            self.setDirty()
        }
    }

    func outputRelieved() {
        guard !self.output.isCongested else { return }
        if self.input.readableBytes > 0 {
            var input = ByteBuffer()
            swap(&input, &self.input)
            self.process(input)
        }
        self.resumeReading()
        if self.isFlushHeld { self.setDirty() }
    }

    func outputEnded(linger: Bool) -> Bool { false }

    // MARK: End

    private func close() {
        guard self.shutdown.close() else { return }
        self.disconnectAll()
        self.output.close(.afterWrites(linger: false))
    }

    /// Ends the connection with an error.
    private func end(_ code: HTTP2ErrorCode) {
        self.session.terminate(code)
        self.setDirty()
        self.close()
    }

    private func disconnectAll() {
        // Each may end, and thereby leave the list.
        for exchange in self.exchanges.all { exchange.disconnect() }
        // A WebSocket without an exchange would hold the connection.
        for stream in self.session.openStreams { self.loseCarrier(of: stream) }
    }

    private func loseCarrier(of stream: HTTP2Stream) {
        stream.carrier?.lost()
        stream.carrier = nil
    }

    /// Announces the end of the connection to the client. Requests that the client sends before it has read this are
    /// still answered.
    private func announceEnd() {
        guard self.shutdown.announce(now: self.loop.tick) else { return }
        self.session.announceEnd()
        self.session.ping()
        self.setDirty()
    }

    private func refuseNew() {
        self.session.refuseNew()
        self.setDirty()
    }

    var isCounted: Bool { true }
    var serves: Bool { true }

    func stop() { self.loop.turn { self.announceEnd() } }

    func closeIfIdle() {
        if self.shutdown.confirmIfOverdue(now: self.loop.tick) {
            self.refuseNew()
        } else if !self.shutdown.isRefusing {
            self.announceEnd()
        } else if self.exchanges.isEmpty, self.session.openStreams.isEmpty {
            self.close()
        }
    }

    func checkDeadlines() {
        guard !self.output.isStuck() else { return self.abort(reset: true) }
        for exchange in self.exchanges.all { exchange.checkDeadlines(self) }
        for stream in self.session.openStreams {
            stream.carrier?.checkDeadlines()
            guard self.isStuck(stream) else { continue }
            self.reset(stream, .cancel)
            stream.exchange?.disconnect()
        }
        if self.shutdown.confirmIfOverdue(now: self.loop.tick) { self.refuseNew() }
        let configuration = self.loop.configuration
        let elapsed = self.loop.tick - self.since
        if self.inputEnded, elapsed > configuration.halfCloseTime { return self.abort(reset: false) }
        if let since = self.session.blockSince, self.loop.tick - since > configuration.headTime {
            self.isFaultLogged = true
            self.loop.log?.refused(peer: self.peer, reason: "timeout while receiving the request header")
            return self.end(.cancel)
        }
        guard self.exchanges.isEmpty, self.session.openStreams.isEmpty else { return }
        if elapsed > configuration.keepAliveTime { self.end(.noError) }
    }

    /// Whether the client makes no progress in reading the response, which may be complete.
    private func isStuck(_ stream: HTTP2Stream) -> Bool {
        stream.progress.isStuck(
            pending: stream.body.size, sent: stream.body.sent, now: self.loop.tick,
            limit: self.loop.configuration.writeTime)
    }

    func giveUp() { for exchange in self.exchanges.all { exchange.giveUp() } }

    func abort() { self.abort(reset: false) }

    private func abort(reset: Bool) {
        self.shutdown.close()
        self.disconnectAll()
        self.output.close(.cut(reset: reset))
    }
}

@available(*, unavailable)
extension HTTP2Connection: Sendable {}
