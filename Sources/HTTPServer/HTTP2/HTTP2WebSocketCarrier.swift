import NIOCore

/// Carries a WebSocket on a stream of an HTTP/2 connection (RFC 8441). Loop-bound.
final class HTTP2WebSocketCarrier: WebSocketCarrier {
    private let connection: HTTP2Connection
    private let stream: HTTP2Stream
    // SAFETY: the exchange ends the carrier before it is recycled.
    private unowned(unsafe) var exchange: HTTP2Exchange?
    private var socket: WebSocketSession?
    private var isReady = false
    /// Whether the handshake was accepted.
    private var isAccepted = false
    /// The tick at which the WebSocket has ended.
    private var endedAt: Int?
    /// The tick since which the client has ended its side.
    private var endedSince: Int?

    init(_ connection: HTTP2Connection, _ stream: HTTP2Stream, _ exchange: HTTP2Exchange) {
        self.connection = connection
        self.stream = stream
        self.exchange = exchange
    }

    func accept(_ handshake: AcceptedHandshake, for socket: WebSocketSession) {
        self.socket = socket
        self.isAccepted = true
        let fields = self.connection.loop.http2Fields
        fields.begin(
            status: 200, hasDate: handshake.hasDate, hasServer: handshake.hasServer, fields: handshake.fieldCount,
            nameBytes: handshake.nameBytes, loop: self.connection.loop)
        handshake.forEachField(fields.append(lowercasing:))
        var extensions = handshake.extensions ?? ""
        extensions.withUTF8 { text in
            if !text.isEmpty {
                fields.append(Octets("sec-websocket-extensions"), Octets(UnsafeRawBufferPointer(text)))
            }
            self.connection.session.respond(self.stream, fields.all, hasBody: true)
        }
        self.connection.setDirty()
        self.willProceed()
    }

    // MARK: Input

    var hasNoInput: Bool { self.stream.input.bytes.readableBytes == 0 }
    var hasInputEnded: Bool { self.stream.input.hasEnded }

    var isHalfClosedTooLong: Bool {
        guard let endedSince else { return false }
        return self.connection.loop.tick - endedSince > self.connection.loop.configuration.halfCloseTime
    }

    func peekInput(_ body: (UnsafeRawBufferPointer) -> Bool) -> Bool {
        self.stream.input.bytes.withUnsafeReadableBytes(body)
    }

    func consumeInput(
        _ body: (UnsafeRawBufferPointer) -> (step: WebSocketReader.Step, consumed: Int)
    ) -> WebSocketReader.Step {
        let (step, consumed) = self.stream.input.consume(body)
        self.connection.consume(consumed, of: self.stream)
        return step
    }

    /// The client may send as much as was consumed.
    func resumeReading() {}

    /// Called when the client has sent something, or has ended its side.
    func inputCame() {
        if self.hasInputEnded, self.endedSince == nil { self.endedSince = self.connection.loop.tick }
        guard let socket else { return self.connection.drop(self.stream) }
        socket.received()
        socket.inputCame()
    }

    func willProceed() {
        guard !self.isReady else { return }
        self.isReady = true
        self.connection.whenTurnEnds { [self] in
            self.isReady = false
            self.socket?.inputCame()
        }
    }

    // MARK: Output

    var hasRoom: Bool { self.connection.hasRoom(for: self.stream) }
    var hasUnsent: Bool { self.stream.body.size > 0 }

    func encode(_ body: (inout ByteBuffer) -> Void) {
        self.stream.body.encode(body)
        self.wrote()
    }

    func write(_ body: ResponseBody) {
        self.stream.body.append(body)
        self.wrote()
    }

    func write(shared bytes: ByteBuffer) {
        self.stream.body.append(shared: bytes)
        self.wrote()
    }

    private func wrote() {
        self.connection.session.resume(self.stream)
        self.connection.wrote(self.stream)
    }

    func sentOutcome() -> SendOutcome { self.exchange?.messageOutcome() ?? .gone }

    /// Called when output was sent.
    func outputSent() { self.socket?.answerOwedPing() }

    // MARK: End

    func socketEnded() {
        self.socket = nil
        self.endedAt = self.connection.loop.tick
        self.stream.body.end(hasTrailers: false)
        self.wrote()
    }

    func abort(reset: Bool) {
        self.connection.reset(self.stream, .cancel)
        self.lost()
    }

    /// Called when the stream has ended.
    func lost() {
        guard let socket else { return }
        self.socket = nil
        socket.connectionLost()
    }

    /// Called once a second.
    func checkDeadlines() {
        self.socket?.checkDeadlines()
        // The client ends its side when it has read the server's end.
        guard let endedAt, self.connection.loop.tick - endedAt > self.connection.loop.configuration.lingerTime else {
            return
        }
        self.connection.reset(self.stream, .noError)
    }

    func closeForRestart() { self.socket?.closeForRestart() }

    /// Called when the exchange is recycled. The stream waits for the client's close frame, and for its end.
    func exchangeLeft() {
        self.exchange = nil
        if self.isAccepted, self.stream.error == nil { self.stream.carrier = self }
    }
}

@available(*, unavailable)
extension HTTP2WebSocketCarrier: Sendable {}
