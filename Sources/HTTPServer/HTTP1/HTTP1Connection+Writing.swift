import Glibc
import NIOCore

/// The response, as the exchange gives it, and what leaves when a turn ends.
extension HTTP1Connection {
    func persistence(close: Bool, isWhole: Bool) -> HTTP1Encoder.Persistence {
        // All that has come is answered: when the host stops, and when the client has ended its side.
        let isEnding = self.loop.isStopping || self.machine.inputEnded
        let hasMore = isEnding && self.hasMore
        return self.machine.persistence(
            close: close || (self.loop.isStopping && !hasMore), isWhole: isWhole, hasMore: hasMore)
    }

    /// Whether the client has sent its next request, or a part of it, already.
    private var hasMore: Bool {
        self.closing == nil && self.input.withUnsafeReadableBytes { self.machine.hasMore(in: $0) }
    }

    /// Whether a `send` may be taken.
    var hasRoom: Bool { self.underWay < self.loop.configuration.writeLimit && !self.hasTooManyFiles }

    /// So much is under way that more had better wait.
    var isCongested: Bool {
        !self.isWritable || self.underWay > self.loop.configuration.writeMark || self.hasTooManyFiles
    }

    /// Each holds a descriptor, however few its bytes are.
    private var hasTooManyFiles: Bool { self.files.count >= self.loop.configuration.files }

    private var underWay: Int { self.queued + self.loop.outputSize(of: self) }

    /// What a `send` that was taken answers.
    func outcome(for exchange: HTTP1Exchange) -> SendOutcome {
        guard self.isCongested else { return .done }
        if self.congested.last?.exchange !== exchange || self.congested.last?.use != exchange.use {
            self.congested.append((exchange, exchange.use))
        }
        return .pending
    }

    /// Bodies up to this size are copied behind their head, so that both leave in one write.
    static let smallBody = 16 * 1024

    func write(_ body: ResponseBody) {
        if body.bytes.size <= Self.smallBody {
            self.loop.withOutput(of: self) { HTTP1Encoder.write(body.bytes, into: &$0) }
            if body.release != nil { self.loop.willRelease(body) }
            return
        }
        self.spill()
        self.count(body.bytes.size)
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

    /// Bytes that go to others too: they are given on as they are, without a copy.
    func write(_ shared: ByteBuffer) {
        self.spill()
        self.count(shared.readableBytes)
        self.context?.write(self.wrapOutboundOut(shared), promise: nil)
    }

    /// Has the kernel send a part of a file (sendfile).
    func write(_ file: ResponseFile) {
        self.spill()
        self.count(file.count)
        guard let context else { return }
        let underWay = FileUnderWay(file)
        self.files.append(underWay)
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete { _ in
            underWay.close()
            let isRelief = self.hasTooManyFiles
            self.files.removeFirst()
            if isRelief { self.loop.turn { self.relieved() } }
        }
        context.write(NIOAny(IOData.fileRegion(underWay.region)), promise: promise)
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

    /// Closes at once, since what was written must not look whole. `reset`: what the kernel still has is given up too.
    func cut(reset: Bool = false) { self.close(.cut(reset: reset)) }

    /// Gives what is in the loop's buffer to the channel, and has all that was given leave, in one write if it can.
    private func spill(andFlush context: ChannelHandlerContext) {
        var hasFlushed = false
        self.loop.takeOutput(of: self) { output in
            self.count(output.readableBytes)
            context.writeAndFlush(self.wrapOutboundOut(output), promise: nil)
            hasFlushed = true
        }
        if !hasFlushed { context.flush() }
    }

    /// Gives what is in the loop's buffer to the channel, without flushing it.
    func spill() {
        guard let context else { return self.loop.takeOutput(of: self) { _ in } }
        if let small = self.loop.copyOutput(of: self, atMost: Self.smallBody) {
            self.count(small.readableBytes)
            return context.write(self.wrapOutboundOut(small), promise: nil)
        }
        self.loop.takeOutput(of: self) { output in
            self.count(output.readableBytes)
            context.write(self.wrapOutboundOut(output), promise: nil)
        }
    }

    /// Writes what the turn has left, in one write, and closes if that is to follow.
    func flush() {
        self.isDirty = false
        guard let context else { return self.loop.takeOutput(of: self) { _ in } }
        switch self.closing {
        case nil:
            self.spill(andFlush: context)
            guard self.isWritable else { return }
            self.queued = 0
            self.relieved()
        case .afterWrites(let linger):
            self.spill(andFlush: context)
            // The rule: all of it has left in that one write.
            guard self.unsent > 0 else { return self.writesEnded(linger: linger) }
            let promise = context.eventLoop.makePromise(of: Void.self)
            promise.futureResult.assumeIsolated().whenSuccess {
                self.loop.turn { self.writesEnded(linger: linger) }
            }
            context.writeAndFlush(self.wrapOutboundOut(ByteBuffer()), promise: promise)
        case .cut(let reset):
            self.loop.takeOutput(of: self) { _ in }
            if reset { self.setReset(true) }
            context.close(promise: nil)
        }
    }

    /// Bytes that the channel still has.
    var unsent: Int { (try? self.context?.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0 }

    private func writesEnded(linger: Bool) {
        guard let context else { return }
        self.writesHaveEnded = true
        if self.endsBody { self.setReset(false) }
        self.relieved()
        guard linger, !self.machine.inputEnded else { return context.close(promise: nil) }
        self.since = self.loop.tick
        context.close(mode: .output, promise: nil)
        self.resumeReading()
    }

    /// The end of the connection will be the end of a body (RFC 9112 §6.3): any end but the right one has to be a reset, lest
    /// the client take the part that it has for the whole.
    func willEndBody() {
        self.endsBody = true
        self.setReset(true)
    }

    private func setReset(_ isOn: Bool) {
        _ = (self.context?.channel as? any SocketOptionProvider)?
            .setSoLinger(linger(l_onoff: isOn ? 1 : 0, l_linger: 0))
    }

    func close(_ closing: Closing) {
        if case .cut = self.closing { return }
        self.closing = closing
        if case .cut = closing { self.machine.closed() }
        self.wrote()
    }

    func tellCongested(_ change: ExchangeChange) {
        guard !self.congested.isEmpty else { return }
        let told = self.congested
        self.congested.removeAll()
        for (exchange, use) in told where exchange.use == use { exchange.owner?.exchange(changed: change) }
    }

    /// What was under way has left, or little of it is there: who waited goes on.
    func relieved() {
        guard !self.isCongested else { return }
        self.tellCongested(.writable)
        self.socket?.answerOwedPing()
        guard self.isHeldBack else { return }
        self.goOn()
    }

    /// A request of this connection has ended, whoever held it.
    func exchangeRested() {
        self.unfinished -= 1
        if self.isHeldBack { self.goOn() }
    }

    private func goOn() {
        self.isHeldBack = false
        self.willProceed()
    }

    /// Bytes are given to the channel.
    private func count(_ bytes: Int) {
        if self.given == self.sent { self.writeSince = self.loop.tick }
        self.given += bytes
        self.queued += bytes
    }
}
