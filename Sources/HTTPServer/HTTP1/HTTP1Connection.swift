import Glibc
import NIOCore

/// One connection of HTTP/1: the only handler of its channel. Loop-bound.
///
/// Performs what the values beside it decide: `HTTP1Parser` reads heads, `HTTP1StateMachine` says what comes next,
/// `HTTP1Exchange` is the request that is being answered. Requests of one connection are answered one after another;
/// what a client sends ahead waits in `input`, which is never read further than one window.
final class HTTP1Connection: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What `receive` answers.
    enum Part {
        case part(ByteBuffer, more: Bool)
        case pending
        case disconnect
    }

    private enum Closing {
        case afterWrites(linger: Bool)
        case cut(reset: Bool)
    }

    let loop: ServerLoop
    let peer: Peer
    private var context: ChannelHandlerContext?
    private var machine: HTTP1StateMachine
    private var parser: HTTP1Parser
    private var input = ByteBuffer()
    private var exchange: HTTP1Exchange?
    /// The next, whose head has not come whole.
    private var begun: HTTP1Exchange?
    /// Exchanges whose `send` was `.pending`.
    private var congested: [HTTP1Exchange] = []
    private var closing: Closing?
    /// The tick since which nothing has moved, for the deadline of the phase.
    private var since: Int
    private var writeSince = 0
    /// Bytes given to the channel since it was last writable.
    private var queued = 0
    private var isWritable = true
    private var isDirty = false
    private var isReady = false
    private var isProceeding = false
    private var heldRead = false

    init(loop: ServerLoop, peer: Peer) {
        self.loop = loop
        self.peer = peer
        self.machine = HTTP1StateMachine(unreadBody: loop.configuration.unreadBody)
        self.parser = HTTP1Parser(limits: loop.configuration.limits)
        self.since = loop.tick
    }

    // MARK: What the channel tells

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.loop.add(self)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.machine.closed()
        self.context = nil
        if let begun { self.loop.rest(begun) }
        self.begun = nil
        self.loop.remove(self)
        self.loop.turn {
            self.exchange?.disconnect()
            self.tellCongested(.gone)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = self.unwrapInboundIn(data)
        if self.input.readableBytes == 0 {
            self.input = buffer
        } else {
            self.input.writeBuffer(&buffer)
        }
        self.since = self.loop.tick
        self.loop.turn { self.inputCame() }
        if self.input.readableBytes == 0 { self.input = ByteBuffer() }
    }

    func read(context: ChannelHandlerContext) {
        if self.wantsInput { context.read() } else { self.heldRead = true }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let event = event as? ChannelEvent, event == .inputClosed else { return }
        self.since = self.loop.tick
        self.loop.turn {
            self.follow(self.machine.inputDidEnd())
            if !self.machine.body.isComplete { self.exchange?.owner?.exchange(changed: .readable) }
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.isWritable = context.channel.isWritable
        self.writeSince = self.loop.tick
        guard self.isWritable else { return }
        self.queued = 0
        self.loop.turn { self.tellCongested(.writable) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A reset, or another end of the transport: nothing can be answered any more (channelInactive follows).
        context.close(promise: nil)
    }

    // MARK: Requests

    private func inputCame() {
        guard self.closing == nil else { return self.input.clear() }
        if let exchange, !self.machine.body.isComplete || exchange.awaitsBody {
            exchange.owner?.exchange(changed: .readable)
        } else {
            self.proceed()
        }
    }

    /// Goes on with what has come, until a request is being answered or nothing whole is left.
    func proceed() {
        self.isReady = false
        guard !self.isProceeding else { return }
        self.isProceeding = true
        defer { self.isProceeding = false }
        while self.closing == nil, self.step() {}
        self.resumeReading()
    }

    /// One step; false when there is nothing to go on with.
    private func step() -> Bool {
        switch self.machine.phase {
        case .idle, .head: return self.parse()
        case .draining: return self.drain()
        case .exchange, .lingering, .closed: return false
        }
    }

    private func parse() -> Bool {
        guard self.input.readableBytes > 0 else {
            self.follow(self.machine.starved())
            return false
        }
        if self.machine.phase == .idle { self.since = self.loop.tick }
        self.machine.headBegan()
        let exchange = self.begun ?? self.loop.wake()
        self.begun = nil
        let outcome = self.input.withUnsafeReadableBytes { self.parser.parse($0, into: exchange.head) }
        switch outcome {
        case .complete(let count):
            self.input.moveReaderIndex(forwardBy: count)
            self.machine.headComplete(exchange.head.framing, version: exchange.head.version)
            self.exchange = exchange
            let began = self.loop.log?.wantsAccess == true ? NIODeadline.now().uptimeNanoseconds : 0
            exchange.begin(on: self, began: began)
            self.loop.handler.handle(exchange)
            return true
        case .incomplete:
            self.begun = exchange
            self.follow(self.machine.starved())
            return false
        case .refused(let refusal):
            self.loop.rest(exchange)
            self.refuse(refusal)
            return false
        }
    }

    private func drain() -> Bool {
        guard self.input.readableBytes > 0 || self.machine.inputEnded else { return false }
        var dropped = 0
        switch self.decode() {
        case .part(let range): dropped = range.count
        case .incomplete, .end: break
        case .refused(let refusal):
            self.refuse(refusal)
            return false
        }
        let next = self.machine.dropped(dropped)
        self.follow(next)
        return next == .parse || (next == .wait && dropped > 0)
    }

    /// Lets the request's body decode what is at the start of the input, and takes that from it.
    private func decode() -> ChunkedDecoder.Step {
        let step = self.input.withUnsafeReadableBytes { self.machine.body.next($0) }
        switch step {
        case .part(let range): self.input.moveReaderIndex(forwardBy: range.upperBound)
        case .incomplete(let consumed), .end(let consumed): self.input.moveReaderIndex(forwardBy: consumed)
        case .refused: break
        }
        return step
    }

    private func follow(_ next: HTTP1StateMachine.Next) {
        switch next {
        case .wait: break
        case .parse, .drain: self.willProceed()
        case .close: self.close(.afterWrites(linger: false))
        case .linger: self.close(.afterWrites(linger: true))
        }
    }

    private func willProceed() {
        guard !self.isReady, !self.isProceeding else { return }
        self.isReady = true
        self.loop.willProceed(self)
    }

    /// Answers what cannot be taken with its status, and closes.
    private func refuse(_ refusal: Refusal) {
        self.loop.log?.refused(peer: self.peer, status: refusal.status, reason: refusal.reason)
        self.loop.withOutput(of: self) { output in
            HTTP1Encoder.writeOwn(
                status: refusal.status, text: refusal.reason, persistence: .close, body: true, loop: self.loop,
                into: &output
            )
        }
        self.input.clear()
        self.follow(self.machine.refused())
        self.wrote()
    }

    // MARK: What the exchange asks

    /// The next part of the request's body.
    func receive() -> Part {
        if self.machine.awaitsContinue {
            self.machine.continued()
            if self.input.readableBytes == 0 {
                self.loop.withOutput(of: self) {
                    HTTP1Encoder.write(Octets("HTTP/1.1 100 Continue\r\n\r\n"), into: &$0)
                }
                self.wrote()
            }
        }
        guard var part = self.bodyPart() else {
            guard !self.machine.inputEnded else { return .disconnect }
            self.resumeReading()
            return .pending
        }
        // A chunk whose end is here already is the last one: say so with it.
        if case .part(let buffer, more: true) = part,
            self.input.withUnsafeReadableBytes({ self.machine.bodyEnds(in: $0) })
        {
            _ = self.decode()
            part = .part(buffer, more: false)
        }
        self.resumeReading()
        return part
    }

    /// Nil: nothing is there yet.
    private func bodyPart() -> Part? {
        let start = self.input
        switch self.decode() {
        case .part(let range):
            guard let slice = start.getSlice(at: start.readerIndex + range.lowerBound, length: range.count) else {
                return .disconnect
            }
            return .part(slice, more: !self.machine.body.isComplete)
        case .end: return .part(ByteBuffer(), more: false)
        case .incomplete: return nil
        case .refused(let refusal):
            self.loop.log?.refused(peer: self.peer, status: refusal.status, reason: refusal.reason)
            let exchange = self.exchange
            exchange?.refuse(refusal, on: self)
            return .disconnect
        }
    }

    func persistence(close: Bool, isWhole: Bool) -> HTTP1Encoder.Persistence {
        self.machine.persistence(close: close || self.loop.isStopping, isWhole: isWhole)
    }

    /// Whether a `send` may be taken.
    var hasRoom: Bool { self.underWay < self.loop.configuration.writeLimit }

    private var underWay: Int { self.queued + self.loop.outputSize(of: self) }

    /// What a `send` that was taken answers.
    func outcome(for exchange: HTTP1Exchange) -> SendOutcome {
        guard self.underWay > self.loop.configuration.writeMark || !self.isWritable else { return .done }
        if self.congested.last !== exchange { self.congested.append(exchange) }
        return .pending
    }

    /// Bodies up to this size are copied behind their head, so that both leave in one write.
    private static let smallBody = 16 * 1024

    func write(_ body: ResponseBody) {
        if body.bytes.size <= Self.smallBody {
            self.loop.withOutput(of: self) { HTTP1Encoder.write(body.bytes, into: &$0) }
            if body.release != nil { self.loop.willRelease(body) }
            return
        }
        self.spill()
        self.queued += body.bytes.size
        guard let context else { return }
        if body.release != nil {
            let promise = context.eventLoop.makePromise(of: Void.self)
            let loop = self.loop
            promise.futureResult.assumeIsolated().whenComplete { _ in loop.willRelease(body) }
            context.write(self.wrapOutboundOut(ByteBuffer(borrowing: body.bytes)), promise: promise)
        } else {
            context.write(self.wrapOutboundOut(ByteBuffer(bytes: body.bytes.bytes)), promise: nil)
        }
    }

    /// Something of this connection is in the loop's buffer, or in the channel: it leaves when the turn ends.
    func wrote() {
        guard !self.isDirty else { return }
        self.isDirty = true
        self.loop.willFlush(self)
    }

    /// The exchange has left; whatever it still says does not concern the connection.
    func exchangeLeft() { self.exchange = nil }

    func responseComplete() {
        self.since = self.loop.tick
        self.follow(self.machine.responseComplete())
    }

    /// Closes at once, since what was written must not look whole.
    func cut(reset: Bool) { self.close(.cut(reset: reset)) }

    // MARK: Writing

    /// Gives what is in the loop's buffer to the channel, without flushing it.
    func spill() {
        guard let context else { return self.loop.takeOutput(of: self) { _ in } }
        self.loop.takeOutput(of: self) { output in
            self.queued += output.readableBytes
            context.write(self.wrapOutboundOut(output), promise: nil)
        }
    }

    /// Writes what the turn has left, in one write, and closes if that is to follow.
    func flush() {
        self.isDirty = false
        guard let context else { return self.loop.takeOutput(of: self) { _ in } }
        switch self.closing {
        case nil:
            self.spill()
            context.flush()
            guard self.isWritable else { return }
            self.queued = 0
            self.tellCongested(.writable)
        case .afterWrites(let linger):
            self.spill()
            let promise = context.eventLoop.makePromise(of: Void.self)
            promise.futureResult.assumeIsolated().whenComplete { _ in self.writesEnded(linger: linger) }
            context.writeAndFlush(self.wrapOutboundOut(ByteBuffer()), promise: promise)
        case .cut(let reset):
            self.loop.takeOutput(of: self) { _ in }
            if reset {
                // Without this the client would take the end of the connection for the end of the body.
                _ = (context.channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
            }
            context.close(promise: nil)
        }
    }

    private func writesEnded(linger: Bool) {
        guard let context else { return }
        guard linger, !self.machine.inputEnded else { return context.close(promise: nil) }
        self.since = self.loop.tick
        context.close(mode: .output, promise: nil)
        self.resumeReading()
    }

    private func close(_ closing: Closing) {
        if case .cut = self.closing { return }
        self.closing = closing
        if case .cut = closing { self.machine.closed() }
        self.wrote()
    }

    private func tellCongested(_ change: ExchangeChange) {
        guard !self.congested.isEmpty else { return }
        let told = self.congested
        self.congested.removeAll()
        for exchange in told { exchange.owner?.exchange(changed: change) }
    }

    // MARK: Reading

    private var wantsInput: Bool {
        guard !self.machine.inputEnded else { return false }
        return switch self.machine.phase {
        case .closed: false
        case .lingering: true
        case .idle, .head, .exchange, .draining: self.input.readableBytes < self.loop.configuration.readWindow
        }
    }

    private func resumeReading() {
        guard self.heldRead, self.wantsInput, let context else { return }
        self.heldRead = false
        context.read()
    }

    // MARK: Deadlines and the end

    func lookAtDeadline() {
        let configuration = self.loop.configuration
        let idle = self.loop.tick - self.since
        if !self.isWritable, self.loop.tick - self.writeSince > configuration.writeTime { return self.abort() }
        switch self.machine.phase {
        case .idle: if idle > configuration.keepAliveTime { self.follow(self.machine.stop()) }
        case .head:
            if idle > configuration.headTime {
                self.refuse(Refusal(status: 408, reason: "the head did not come in time"))
            }
        case .exchange:
            if self.machine.inputEnded {
                if idle > configuration.halfCloseTime { self.abort() }
            } else if !self.machine.body.isComplete, self.exchange?.awaitsBody == true, self.input.readableBytes == 0,
                idle > configuration.bodyTime
            {
                self.exchange?.refuse(Refusal(status: 408, reason: "the body did not come in time"), on: self)
            }
        case .draining: if idle > configuration.bodyTime { self.abort() }
        case .lingering: if idle > configuration.lingerTime { self.abort() }
        case .closed: if idle > configuration.writeTime { self.abort() }
        }
    }

    /// The host stops.
    func stop() { self.follow(self.machine.stop()) }

    /// Closes the connection, whatever is under way.
    func abort() {
        self.exchange?.disconnect()
        self.cut(reset: false)
    }
}
