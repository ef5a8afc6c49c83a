import NIOCore

/// A WebSocket on a connection of HTTP/1: performs what `WebSocketStateMachine`, `WebSocketReader` and `PingClock` decide.
/// Loop-bound.
///
/// Belongs to the exchange of its handshake until that rests, and to its connection until that is closed: an application
/// may finish before the client has answered the close frame. The application's receive reads a message. Control frames before
/// it are processed at once; a message that is not received stops further reads.
final class HTTP1WebSocket: WebSocket {
    unowned(unsafe) let loop: ServerLoop
    /// The exchange of the handshake, whose owner is notified of events; nil after the exchange has ended.
    private(set) var request: HTTP1Exchange?
    /// Buffers input that the application has not received.
    var connection: HTTP1Connection?
    private let handshake: WebSocketHandshake
    let subprotocols: UnsafeBufferPointer<Octets>
    var machine = WebSocketStateMachine()
    var reader: WebSocketReader?
    var clock: PingClock
    private var inflater: MessageInflater?
    private(set) var deflater: MessageDeflater?
    private var isConnectTold = false
    /// Whether the last receive returned `.pending`.
    private var isAwaited = false
    /// The connection is no more: what it has left can still be received.
    private(set) var isLost = false
    /// The payload of the last unanswered ping, while the client is too slow to read earlier output. Only the last ping needs a pong
    /// (RFC 6455 §5.5.3), and each pending pong would keep a whole buffer of the loop.
    private var owedPong: [UInt8]?
    /// The tick of our close, or of the last message.
    var since = 0

    init(_ handshake: WebSocketHandshake, for request: HTTP1Exchange, on connection: HTTP1Connection) {
        self.loop = connection.loop
        self.request = request
        self.connection = connection
        self.handshake = handshake
        let options = self.loop.configuration.webSocket
        self.clock = PingClock(interval: options.pingInterval, timeout: options.pingTimeout, now: self.loop.tick)
        let offered = UnsafeMutableBufferPointer<Octets>.allocate(capacity: handshake.subprotocols.count)
        _ = offered.initialize(from: handshake.subprotocols)
        self.subprotocols = UnsafeBufferPointer(offered)
    }

    deinit {
        self.subprotocols.deallocate()
        self.reader?.end()
    }

    /// The connection, while something can be written to it.
    var live: HTTP1Connection? { self.isLost ? nil : self.connection }

    // MARK: The handshake

    func accept(subprotocol: Octets, fields: HeaderFields) -> SendOutcome {
        do {
            try self.machine.mayAccept()
            guard let request, let connection = request.connection else { return .gone }
            let accepted = try AcceptedHandshake(self.handshake, subprotocol: subprotocol, fields: fields)
            self.loop.withOutput(of: connection) { accepted.write(loop: self.loop, into: &$0) }
            self.machine.accepted()
            self.begin(self.handshake.deflate)
            self.clock.heard(now: self.loop.tick)
            request.accepted()
            connection.becomes(self)
            return .done
        } catch { return .invalid(error) }
    }

    private func begin(_ deflate: DeflateAgreement?) {
        self.inflater = deflate?.inflater
        self.deflater = deflate?.deflater
        self.since = self.loop.tick
        self.reader = WebSocketReader(
            most: self.loop.configuration.webSocket.messageSize, memory: self.loop.messages, scratch: self.loop.scratch,
            inflater: self.inflater
        )
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
        guard self.isConnectTold else {
            self.isConnectTold = true
            return .connect
        }
        self.reader?.forget()
        if self.machine.isAccepted, self.machine.end == nil, let message = self.nextMessage() { return message }
        if self.machine.end == nil, self.request?.connection == nil {
            self.machine.lost()
        } else if self.machine.end == nil, self.connection?.machine.inputEnded == true {
            // What is left is no whole frame.
            self.machine.lost()
            self.finish(isCut: true)
        }
        if let end = self.machine.end { return .disconnect(code: end.code, reason: self.lend(end.reason)) }
        self.isAwaited = true
        return .pending
    }

    private func lend(_ reason: [UInt8]) -> Octets {
        guard !reason.isEmpty else { return .empty }
        guard let request else { return .empty }
        return request.lend(ByteBuffer(bytes: reason))
    }

    /// Reads on to the end of a message; nil: none is whole.
    private func nextMessage() -> WebSocketReception? {
        while let connection, self.machine.end == nil {
            switch self.step(connection) {
            case .incomplete:
                connection.resumeReading()
                return nil
            case .message(let isText):
                self.since = self.loop.tick
                connection.resumeReading()
                let bytes = self.reader?.message.withUnsafeReadableBytes { Octets($0) } ?? .empty
                return .message(bytes, isText: isText)
            case let other: self.follow(other)
            }
        }
        return nil
    }

    /// Lets the reader look at what has come.
    private func step(_ connection: HTTP1Connection) -> WebSocketReader.Step {
        let (step, consumed) = connection.input.withUnsafeReadableBytes {
            self.reader?.next($0) ?? (.incomplete, 0)
        }
        connection.input.moveReaderIndex(forwardBy: consumed)
        return step
    }

    private func follow(_ step: WebSocketReader.Step) {
        switch step {
        case .incomplete, .message, .pong: break
        case .ping(let payload): self.answer(ping: payload)
        case .close(let close):
            // Answered with its code (RFC 6455 §5.5.1).
            self.follow(self.machine.received(close), with: WebSocketClose(close.code))
        case .failed(let close): self.fail(close)
        }
    }

    /// Processes new input, or the end of the client's side.
    func inputCame() {
        if self.isAwaited { self.request?.owner?.exchange(changed: .readable) }
        // A message waits for a receive, unless messages are discarded.
        while let connection, !self.machine.isClosed,
            connection.input.withUnsafeReadableBytes({ self.reader?.needsNoReceiver($0) ?? false })
        {
            let step = self.step(connection)
            if case .incomplete = step { break }
            self.follow(step)
        }
        self.connection?.resumeReading()
        if self.connection?.machine.inputEnded == true { self.inputEnded() }
    }

    /// The client has ended its side without a close: what it has sent before can still be received.
    private func inputEnded() {
        guard !self.machine.isClosed else { return }
        let hasMore = self.connection?.input.readableBytes ?? 0 > 0 && !self.machine.isClosing && !self.isAwaited
        guard !hasMore else { return }
        self.machine.lost()
        self.finish(isCut: true)
    }

    // MARK: Control frames

    private func answer(ping payload: UnsafeRawBufferPointer) {
        guard self.machine.isOpen, let connection = self.live else { return }
        guard connection.unsent == 0 else {
            self.owedPong = Array(payload)
            return
        }
        self.loop.withOutput(of: connection) { WebSocketEncoder.writePong(payload, into: &$0) }
        connection.wrote()
    }

    /// What was under way may have left.
    func answerOwedPing() {
        guard let pong = self.owedPong else { return }
        self.owedPong = nil
        pong.withUnsafeBytes { self.answer(ping: $0) }
    }

    // MARK: The end

    /// The client has sent what cannot be taken.
    func fail(_ close: WebSocketClose, toldAs told: WebSocketClose? = nil) {
        if let connection {
            self.loop.log?.closed(
                peer: connection.peer, code: close.code, reason: String(decoding: close.reason, as: UTF8.self))
        }
        self.follow(self.machine.failed(close, toldAs: told), with: close)
    }

    func follow(_ next: WebSocketStateMachine.Next, with close: WebSocketClose) {
        switch next {
        case .refuse, .nothing: break
        case .sendClose:
            self.write(close)
            self.since = self.loop.tick
            self.reader?.isDiscarding = true
            self.connection?.willProceed()
        case .sendLastClose:
            self.write(close)
            self.finish(isCut: false)
        case .finish: self.finish(isCut: false)
        }
    }

    private func write(_ close: WebSocketClose) {
        guard let connection = self.live else { return }
        self.loop.withOutput(of: connection) { WebSocketEncoder.write(close, into: &$0) }
        connection.wrote()
    }

    /// Nothing more comes or goes: the connection ends when what was written has left.
    private func finish(isCut: Bool) {
        self.reader?.end()
        self.putContextsAside()
        guard let connection = self.live else { return }
        connection.socketEnded()
        self.leave(isCut: isCut)
    }

    /// The connection is gone.
    func connectionLost() {
        self.isLost = true
        self.leave(isCut: !self.machine.isClosed)
    }

    private func leave(isCut: Bool) {
        guard let request else { return }
        request.socketLeft(isCut: isCut)
        request.owner?.exchange(changed: .gone)
    }

    /// Whoever answers has finished, and nothing else has ended the socket: it is closed in its place.
    func end(failed: Bool) -> Ending {
        guard self.machine.isOpen else { return .complete }
        let close = WebSocketClose(failed ? WebSocketClose.serverError : WebSocketClose.normal)
        // An open socket may be closed.
        guard let next = try? self.machine.close(close) else { return .complete }
        self.follow(next, with: close)
        return .closed(code: close.code)
    }

    /// The handshake's exchange rests: nobody answers any more.
    func rest() {
        self.request?.socketLeft(isCut: false)
        self.request = nil
        self.reader?.forget()
        if self.isLost { self.connection = nil }
    }

    /// Gives back what compression keeps between messages.
    func putContextsAside() {
        self.inflater?.putAside()
        self.deflater?.putAside()
    }
}
