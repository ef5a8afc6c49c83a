import NIOCore

/// A WebSocket. Performs what `WebSocketStateMachine`, `WebSocketReader` and
/// `WebSocketDeadlines` decide, and writes with its `WebSocketWriter`. Loop-bound.
///
/// Retained by the exchange of its handshake until that is recycled, and by its carrier until that is closed: a handler
/// may finish before the client has answered the close frame. The handler's `receive` reads a message. Control
/// frames before the message are processed at once. A message that is not received stops further reads.
final class WebSocketSession: WebSocket {
    // SAFETY: the loop outlives its WebSockets.
    private unowned(unsafe) let loop: ServerLoop
    /// The exchange of the handshake, whose owner is notified of events. Nil once the exchange is recycled.
    private var request: (any WebSocketRequest)?
    /// Buffers input that the handler has not received.
    private var carrier: (any WebSocketCarrier)?
    private let handshake: WebSocketHandshake
    let subprotocols: UnsafeBufferPointer<Octets>
    private(set) var machine = WebSocketStateMachine()
    /// Nil until the handshake is accepted.
    private var reader: WebSocketReader?
    private var inflater: MessageInflater?
    private var writer: WebSocketWriter
    private var deadlines: WebSocketDeadlines
    private var isConnectReceived = false
    /// Whether the last `receive` returned `.pending`.
    private var isAwaited = false
    /// Whether the carrier is closed. Messages that have already arrived can still be received.
    private var isLost = false

    init(
        _ handshake: WebSocketHandshake, for request: some WebSocketRequest, on carrier: any WebSocketCarrier,
        loop: ServerLoop
    ) {
        self.loop = loop
        self.request = request
        self.carrier = carrier
        self.handshake = handshake
        self.writer = WebSocketWriter(loop: self.loop, deflater: handshake.deflate?.deflater)
        self.deadlines = WebSocketDeadlines(self.loop.configuration.webSocket, now: self.loop.tick)
        let offered = UnsafeMutableBufferPointer<Octets>.allocate(capacity: handshake.subprotocols.count)
        _ = offered.initialize(from: handshake.subprotocols)
        self.subprotocols = UnsafeBufferPointer(offered)
    }

    deinit {
        self.subprotocols.deallocate()
        self.reader?.end()
    }

    /// The carrier as the output; nil if it is closed.
    private var output: (any WebSocketCarrier)? { self.isLost ? nil : self.carrier }

    // MARK: Handshake

    func accept(subprotocol: Octets, fields: HeaderFields) -> SendOutcome {
        do {
            try self.machine.mayAccept()
            guard let request, request.isOpen, let carrier else { return .gone }
            let accepted = try AcceptedHandshake(self.handshake, subprotocol: subprotocol, fields: fields)
            self.machine.accepted()
            self.inflater = self.handshake.deflate?.inflater
            self.reader = WebSocketReader(
                most: self.loop.configuration.webSocket.messageSize, memory: self.loop.messages,
                scratch: self.loop.scratch, inflater: self.inflater)
            self.deadlines.restart(now: self.loop.tick)
            self.received()
            request.accepted()
            carrier.accept(accepted, for: self)
            return .done
        } catch { return .invalid(error) }
    }

    func reject(status: Int, fields: HeaderFields) -> SendOutcome {
        do {
            try self.machine.mayReject()
            guard let request else { return .gone }
            let outcome = request.start(status: status, fields: fields, trailers: false)
            if case .done = outcome { self.machine.rejectionBegan() }
            return outcome
        } catch { return .invalid(error) }
    }

    func reject(_ body: ResponseBody, more: Bool) -> SendOutcome {
        do {
            try self.machine.mayReject()
            return self.request?.send(body, more: more) ?? .gone
        } catch { return .invalid(error) }
    }

    // MARK: Receiving

    func receive() -> WebSocketReception {
        self.isAwaited = false
        guard self.isConnectReceived else {
            self.isConnectReceived = true
            return .connect
        }
        self.reader?.forget()
        if self.machine.isAccepted, self.machine.end == nil, let message = self.nextMessage() { return message }
        if self.machine.end == nil, self.request?.isOpen != true {
            self.machine.lost()
        } else if self.machine.end == nil, self.carrier?.hasInputEnded == true {
            // The remaining input is an incomplete frame.
            self.machine.lost()
            self.finish(isCut: true)
        }
        if let end = self.machine.end { return .disconnect(code: end.code, reason: self.lend(end.reason)) }
        self.isAwaited = true
        return .pending
    }

    private func lend(_ reason: [UInt8]) -> Octets {
        guard !reason.isEmpty, let request else { return .empty }
        return request.lend(ByteBuffer(bytes: reason))
    }

    /// Reads frames up to the end of a message. Returns nil if no message is complete.
    private func nextMessage() -> WebSocketReception? {
        while let carrier, self.machine.end == nil {
            switch self.readFrame(of: carrier) {
            case .incomplete:
                carrier.resumeReading()
                return nil
            case .message(let isText):
                self.deadlines.restart(now: self.loop.tick)
                carrier.resumeReading()
                let bytes = self.reader?.message.withUnsafeReadableBytes { Octets($0) } ?? .empty
                return .message(bytes, isText: isText)
            case let other: self.follow(other)
            }
        }
        return nil
    }

    private func readFrame(of carrier: any WebSocketCarrier) -> WebSocketReader.Step {
        carrier.consumeInput { self.reader?.next($0) ?? (step: .incomplete, consumed: 0) }
    }

    private func follow(_ step: WebSocketReader.Step) {
        switch step {
        case .incomplete, .message, .pong: break
        case .ping(let payload):
            if self.machine.isOpen, let output { self.writer.writePong(payload, to: output) }
        case .close(let close):
            // Answered with the client's code (RFC 6455 §5.5.1).
            self.follow(self.machine.received(close), with: WebSocketClose(close.code))
        case .failed(let close): self.fail(close)
        }
    }

    /// Records that input has arrived from the client.
    func received() { self.deadlines.received(now: self.loop.tick) }

    /// Processes new input, or the client's half-close.
    func inputCame() {
        if self.isAwaited { self.request?.owner?.exchange(changed: .readable) }
        // A message waits for a `receive`, unless messages are discarded.
        while let carrier, !self.machine.isClosed,
            carrier.peekInput({ self.reader?.needsNoReceiver($0) ?? false })
        {
            let step = self.readFrame(of: carrier)
            if case .incomplete = step { break }
            self.follow(step)
        }
        self.carrier?.resumeReading()
        if self.carrier?.hasInputEnded == true { self.inputEnded() }
    }

    /// Handles the client's half-close without a close frame. Messages that arrived before can still be received.
    private func inputEnded() {
        guard !self.machine.isClosed else { return }
        let hasInput = self.carrier?.hasNoInput == false
        guard !hasInput || self.machine.isClosing || self.isAwaited else { return }
        self.machine.lost()
        self.finish(isCut: true)
    }

    // MARK: Sending

    func send(_ message: ResponseBody, isText: Bool) -> SendOutcome {
        do {
            guard try self.machine.maySend(), let output, let request else { return .gone }
            guard message.isTaken || output.hasRoom else { return .full }
            try WebSocketMessage.check(message.bytes, isText: isText)
            if self.writer.write(message, isText: isText, to: output) { self.deadlines.restart(now: self.loop.tick) }
            return self.sent(message.bytes.size, by: request)
        } catch { return .invalid(error) }
    }

    func send(_ message: WebSocketMessage) -> SendOutcome {
        do {
            guard try self.machine.maySend(), let output, let request else { return .gone }
            guard output.hasRoom else { return .full }
            output.write(shared: message.frame)
            return self.sent(message.size, by: request)
        } catch { return .invalid(error) }
    }

    private func sent(_ size: Int, by request: any WebSocketRequest) -> SendOutcome {
        request.sent(message: size)
        return self.carrier?.sentOutcome() ?? .gone
    }

    func close(code: Int, reason: Octets) -> SendOutcome {
        do {
            let close = try WebSocketClose(sending: code, reason: reason)
            let next = try self.machine.close(close)
            switch next {
            case .refuse:
                guard let request, request.isOpen else { return .gone }
                request.answerForbidden()
                return .done
            case .nothing, .finish: return .gone
            case .sendClose, .sendLastClose:
                guard self.output != nil else { return .gone }
                self.follow(next, with: close)
                self.request?.owner?.exchange(changed: .complete)
                return .done
            }
        } catch { return .invalid(error) }
    }

    /// Sends a postponed pong, if earlier output was written.
    func answerOwedPing() {
        if self.machine.isOpen, let output { self.writer.writeOwedPong(to: output) }
    }

    // MARK: Ending

    /// Fails the WebSocket: the client sent something invalid, or does not respond. `reported`: the close that is
    /// reported to the handler, if it differs.
    private func fail(_ close: WebSocketClose, reported: WebSocketClose? = nil) {
        if let peer = self.request?.peer {
            self.loop.log?.closed(
                peer: peer, code: close.code, reason: String(decoding: close.reason, as: UTF8.self))
        }
        self.follow(self.machine.failed(close, reportedAs: reported), with: close)
    }

    private func follow(_ next: WebSocketStateMachine.Next, with close: WebSocketClose) {
        switch next {
        case .refuse, .nothing: break
        case .sendClose:
            if let output { self.writer.write(close, to: output) }
            self.deadlines.restart(now: self.loop.tick)
            self.reader?.isDiscarding = true
            self.carrier?.willProceed()
        case .sendLastClose:
            if let output { self.writer.write(close, to: output) }
            self.finish(isCut: false)
        case .finish: self.finish(isCut: false)
        }
    }

    /// Ends the WebSocket. The connection is closed after pending writes.
    private func finish(isCut: Bool) {
        self.reader?.end()
        self.trim()
        guard !self.isLost, let carrier else { return }
        carrier.socketEnded()
        self.reportGone(isCut: isCut)
    }

    /// Called when the carrier is closed.
    func connectionLost() {
        self.isLost = true
        self.reportGone(isCut: !self.machine.isClosed)
    }

    private func reportGone(isCut: Bool) {
        guard let request else { return }
        request.socketLeft(isCut: isCut)
        request.owner?.exchange(changed: .gone)
    }

    /// Closes the WebSocket in the place of a handler that has finished, if it is still open.
    func end(failed: Bool) -> Ending {
        guard self.machine.isOpen else { return .complete }
        let close = WebSocketClose(failed ? WebSocketClose.serverError : WebSocketClose.normal)
        // Closing an open WebSocket cannot fail.
        guard let next = try? self.machine.close(close) else { return .complete }
        self.follow(next, with: close)
        return .closed(code: close.code)
    }

    /// Called when the exchange of the handshake is recycled. There is no handler any more.
    func recycle() {
        self.request?.socketLeft(isCut: false)
        self.request = nil
        self.reader?.forget()
        if self.isLost { self.carrier = nil }
    }

    /// Frees the memory that compression keeps between messages.
    private func trim() {
        self.inflater?.putAside()
        self.writer.trim()
    }

    /// Checks the deadlines. Called once a second.
    func checkDeadlines() {
        let now = self.loop.tick
        if self.machine.isClosing {
            if self.deadlines.isCloseOverdue(now: now) { self.carrier?.abort(reset: true) }
            return
        }
        guard self.machine.isOpen, let carrier else { return }
        guard !carrier.isHalfClosedTooLong else { return carrier.abort(reset: false) }
        self.answerOwedPing()
        if self.deadlines.isIdle(now: now) { self.trim() }
        // With unread input the client does not count as silent: the pong may be part of that input.
        guard carrier.hasNoInput else { return self.received() }
        switch self.deadlines.checkPing(now: now) {
        case .wait: break
        case .ping: if let output { self.writer.writePing(to: output) }
        case .giveUp:
            self.fail(
                WebSocketClose(WebSocketClose.serverError, "ping timeout"),
                reported: WebSocketClose(WebSocketClose.lost)
            )
        }
    }

    /// Closes the WebSocket with 1012, in a graceful shutdown.
    func closeForRestart() {
        guard self.machine.isOpen else { return }
        let close = WebSocketClose(WebSocketClose.restart, "server restart")
        self.follow(self.machine.failed(close), with: close)
    }
}

@available(*, unavailable)
extension WebSocketSession: Sendable {}
