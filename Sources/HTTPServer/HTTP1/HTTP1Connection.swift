import Glibc
import NIOCore

/// One connection of HTTP/1: the only handler of its channel. Loop-bound.
///
/// Performs what the values beside it decide: `HTTP1Parser` reads heads, `HTTP1StateMachine` says what comes next,
/// `HTTP1Exchange` is the request that is being answered. Requests of one connection are answered one after another;
/// what a client sends ahead waits in `input`, which is never read further than one window. When a handshake was taken the
/// connection is its `HTTP1WebSocket`'s.
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

    enum Closing {
        case afterWrites(linger: Bool)
        case cut(reset: Bool)
    }

    let loop: ServerLoop
    let peer: Peer
    var context: ChannelHandlerContext?
    var machine: HTTP1StateMachine
    var parser: HTTP1Parser
    var input = ByteBuffer()
    var exchange: HTTP1Exchange?
    /// The next, whose head has not come whole.
    var begun: HTTP1Exchange?
    /// What speaks on it in place of HTTP, once a handshake was taken.
    var socket: HTTP1WebSocket?
    /// Exchanges whose `send` was `.pending`, each with its use: it may serve another connection since.
    var congested: [(exchange: HTTP1Exchange, use: Int)] = []
    /// Requests wait until what is under way has left, or scopes have ended.
    var isHeldBack = false
    /// Exchanges that somebody still holds, though their response may be complete.
    var unfinished = 0
    /// The end of the connection is that of a body.
    var endsBody = false
    /// Files on their way to the client, in order.
    var files: [FileUnderWay] = []
    /// Bytes given to the channel, and those of them that had left when it was last asked.
    var given = 0
    var sent = 0
    /// The last write has left: only the client's end is waited for.
    var writesHaveEnded = false
    var closing: Closing?
    /// The tick since which nothing has moved, for the deadline of the phase.
    var since: Int
    var writeSince = 0
    /// Bytes given to the channel since it was last writable.
    var queued = 0
    var isWritable = true
    var isDirty = false
    var isReady = false
    var isProceeding = false
    var heldRead = false

    init(loop: ServerLoop, peer: Peer) {
        self.loop = loop
        self.peer = peer
        self.machine = HTTP1StateMachine(
            unreadBody: loop.configuration.unreadBody, limits: loop.configuration.limits
        )
        self.parser = HTTP1Parser(limits: loop.configuration.limits)
        self.since = loop.tick
    }

    deinit { assert(!self.loop.isOutputOwner(self), "the loop remembers a connection that is no more") }

    // MARK: What the channel tells

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.loop.add(self)
    }

    func channelActive(context: ChannelHandlerContext) {
        guard self.loop.hasTooManyConnections else { return }
        // Refused at once: a connection that waits for its request would be one too many for as long.
        self.loop.turn { self.refuse(Self.tooMany, nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.machine.closed()
        self.context = nil
        if let begun { self.loop.rest(begun) }
        self.begun = nil
        self.loop.remove(self)
        self.loop.turn {
            self.disconnect()
            self.tellCongested(.gone)
        }
        // The loop must not remember a connection that is no more.
        self.loop.takeOutput(of: self) { _ in }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = self.unwrapInboundIn(data)
        if self.input.readableBytes == 0 {
            self.input = buffer
        } else {
            // What was looked at already must not be kept as long as a part of something is left.
            if self.input.readerIndex > 0 { self.input.discardReadBytes() }
            self.input.writeBuffer(&buffer)
        }
        // Of a head the time counts from its first byte, of a lingering connection from our end.
        switch self.machine.phase {
        case .exchange, .draining: self.since = self.loop.tick
        case .webSocket: self.socket?.clock.heard(now: self.loop.tick)
        case .idle, .head, .lingering, .closed: break
        }
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
            if let socket {
                socket.inputCame()
            } else if !self.machine.body.isComplete {
                self.exchange?.owner?.exchange(changed: .readable)
            }
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.isWritable = context.channel.isWritable
        guard self.isWritable else { return }
        self.queued = 0
        self.loop.turn { self.relieved() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A reset, or another end of the transport: nothing can be answered any more (channelInactive follows).
        context.close(promise: nil)
    }

    // MARK: Requests

    private func inputCame() {
        guard self.closing == nil else { return self.input.clear() }
        if let socket {
            socket.inputCame()
        } else if let exchange, !self.machine.body.isComplete || exchange.awaitsBody {
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
        case .idle, .head:
            // A client that sends requests and takes no answers gets no further, nor one whose scopes do not end.
            guard !self.isCongested, self.unfinished < self.loop.configuration.unfinished else {
                self.isHeldBack = true
                return false
            }
            return self.parse()
        case .draining: return self.drain()
        case .webSocket:
            self.socket?.inputCame()
            return false
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
            if exchange.head.asksForWebSocket, !self.beginHandshake(of: exchange) { return true }
            self.loop.handler.handle(exchange)
            return true
        case .incomplete:
            self.begun = exchange
            self.follow(self.machine.starved())
            return false
        case .refused(let refusal):
            self.refuse(refusal, exchange.head)
            self.loop.rest(exchange)
            return false
        }
    }

    private func drain() -> Bool {
        guard self.input.readableBytes > 0 || self.machine.inputEnded else { return false }
        var dropped = 0
        switch self.decode() {
        case .part(let range): dropped = range.count
        case .trailer(_, _, let consumed): dropped = consumed
        case .incomplete, .end: break
        case .refused(let refusal):
            // The response is whole already: a second one would be taken for the next request's.
            self.loop.log?.refused(peer: self.peer, status: refusal.status, reason: refusal.reason)
            self.input.clear()
            self.follow(self.machine.refused())
            return false
        }
        let next = self.machine.dropped(dropped)
        self.follow(next)
        return next == .parse || (next == .wait && dropped > 0)
    }

    /// Lets the request's body decode what is at the start of the input, and takes that from it.
    func decode() -> ChunkedDecoder.Step {
        let step = self.input.withUnsafeReadableBytes { self.machine.body.next($0) }
        switch step {
        case .part(let range): self.input.moveReaderIndex(forwardBy: range.upperBound)
        case .incomplete(let consumed), .trailer(_, _, let consumed), .end(let consumed):
            self.input.moveReaderIndex(forwardBy: consumed)
        case .refused: break
        }
        return step
    }

    func follow(_ next: HTTP1StateMachine.Next) {
        switch next {
        case .wait: break
        case .parse, .drain: self.willProceed()
        case .close: self.close(.afterWrites(linger: false))
        case .linger: self.close(.afterWrites(linger: true))
        }
    }

    func willProceed() {
        guard !self.isReady, !self.isProceeding else { return }
        self.isReady = true
        self.loop.willProceed(self)
    }

    private static let tooMany = Refusal(
        status: 503, reason: "too many connections: try again in a moment", lines: "retry-after: 1\r\n")

    /// Answers a request that no exchange has begun for, and closes. `head`: what is known of it; nil: nothing has come.
    func refuse(_ refusal: Refusal, _ head: RequestHead?) {
        self.loop.log?.refused(peer: self.peer, status: refusal.status, reason: refusal.reason)
        // A response to a HEAD has no body, whatever its status (RFC 9110 §9.3.2).
        let hasBody = head?.method.equals("HEAD") != true
        self.loop.withOutput(of: self) { output in
            HTTP1Encoder.writeOwn(
                status: refusal.status, text: refusal.reason, lines: refusal.lines, persistence: .close, body: hasBody,
                loop: self.loop, into: &output
            )
        }
        self.record(refusal, head ?? RequestHead(capacity: 1, fields: 1), hasBody: hasBody)
        self.input.clear()
        self.follow(self.machine.refused())
        self.wrote()
    }

    /// Writes the request to the access log, as far as it is known. Its time is counted in ticks.
    private func record(_ refusal: Refusal, _ head: RequestHead, hasBody: Bool) {
        guard let log = self.loop.log, log.wantsAccess else { return }
        log.served(
            AccessRecord(
                peer: self.peer, head: head, status: refusal.status,
                bytes: hasBody ? refusal.reason.utf8CodeUnitCount : 0,
                nanoseconds: UInt64(self.loop.tick - self.since) * 1_000_000_000, number: 0, isCut: false
            )
        )
    }

    // MARK: Reading

    private var wantsInput: Bool {
        guard !self.machine.inputEnded else { return false }
        return switch self.machine.phase {
        case .closed: false
        case .lingering: true
        case .webSocket: self.input.readableBytes < self.loop.configuration.readWindow
        case .idle, .head:
            self.input.readableBytes
                < max(
                    self.loop.configuration.readWindow, self.loop.configuration.limits.head + 1
                )
        case .exchange, .draining:
            self.input.readableBytes
                < max(
                    self.loop.configuration.readWindow,
                    self.machine.body.isChunked ? self.loop.configuration.limits.longestBodyLine : 0
                )
        }
    }

    func resumeReading() {
        guard self.heldRead, self.wantsInput, let context else { return }
        self.heldRead = false
        context.read()
    }
}
