/// The state of one HTTP/1 connection across its requests, and the next step (RFC 9112 §9). A value without I/O.
struct HTTP1StateMachine {
    enum Phase: Equatable {
        /// No byte of the next request has arrived.
        case idle
        /// A part of a request header has arrived.
        case head
        /// A request is being answered.
        case exchange
        /// The response is complete; the rest of the request body is read and dropped, at most `left` bytes.
        case draining(left: Int)
        /// The connection belongs to a WebSocket.
        case webSocket
        /// The server has ended its side, and waits for the client's end (RFC 9112 §9.6).
        case lingering
        case closed
    }

    /// The next step of the connection.
    enum Next: Equatable {
        /// Wait for input.
        case wait
        /// Parse the next request header.
        case parse
        /// Read and drop the body.
        case drain
        /// Close after pending writes.
        case close
        /// End the server's side after pending writes, and linger.
        case linger
    }

    private(set) var phase = Phase.idle
    private(set) var inputEnded = false
    /// The request body that is being received or dropped.
    var body = RequestBody.complete
    /// Whether the client waits for 100 (Continue) before it sends the body.
    private(set) var awaitsContinue = false

    private let unreadBody: Int
    private let limits: HTTP1Limits
    private var keepsAlive = true
    private var version = HTTPVersion.http11

    init(unreadBody: Int, limits: HTTP1Limits = HTTP1Limits()) {
        self.unreadBody = unreadBody
        self.limits = limits
    }

    mutating func headBegan() {
        if self.phase == .idle { self.phase = .head }
    }

    mutating func headComplete(_ framing: RequestFraming, version: HTTPVersion) {
        self.phase = .exchange
        self.version = version
        self.keepsAlive = version == .http11 ? !framing.close : framing.keepAlive && !framing.close
        self.body = RequestBody(framing, limits: self.limits)
        self.awaitsContinue = framing.expectsContinue && framing.hasBody
    }

    mutating func continued() { self.awaitsContinue = false }

    /// Decides whether the connection stays open after the response. Returns the `connection` field of its header.
    ///
    /// `isWhole`: whether the response ends here, so that the rest of the request body will not be received.
    /// `hasMore`: whether the next request has begun to arrive; it is answered even after the client's half-close.
    mutating func persistence(close: Bool, isWhole: Bool, hasMore: Bool) -> HTTP1Encoder.Persistence {
        let isLast = close || (self.inputEnded && !hasMore)
        // A client that waits for 100 and gets the response instead may send the body or not: the server cannot know.
        if isLast || self.awaitsContinue || (isWhole && !self.canDrain) { self.keepsAlive = false }
        self.awaitsContinue = false
        guard self.keepsAlive else { return .close }
        return self.version == .http10 ? .keepAlive : .implied
    }

    /// Whether the rest of the body is small enough to be read and dropped, as far as its size is known.
    private var canDrain: Bool {
        switch self.body {
        case .complete: true
        case .length(let left): left <= self.unreadBody
        case .chunked: true
        }
    }

    /// Called when the response is complete. A connection that is not kept open lingers. Otherwise bytes that the
    /// client still sends could reset the connection before the client has read the response (RFC 9112 §9.6).
    mutating func responseComplete() -> Next {
        guard self.keepsAlive else { return self.finish() }
        guard !self.body.isComplete else {
            self.phase = .idle
            return .parse
        }
        guard self.canDrain else { return self.finish() }
        self.phase = .draining(left: self.unreadBody)
        return .drain
    }

    /// Whether `bytes`, the unprocessed input, continue after the body of the current request.
    func hasMore(in bytes: UnsafeRawBufferPointer) -> Bool {
        var body = self.body
        var at = 0
        while true {
            switch body.next(UnsafeRawBufferPointer(rebasing: bytes[at...])) {
            case .part(let range): at += range.upperBound
            case .trailer(_, _, let consumed): at += consumed
            case .end(let consumed): return at + consumed < bytes.count
            case .incomplete, .refused: return false
            }
        }
    }

    /// Called when `count` bytes of the body were dropped; 0 if no more of it has arrived.
    mutating func dropped(_ count: Int) -> Next {
        guard case .draining(let left) = self.phase else { return .wait }
        if self.body.isComplete {
            self.phase = .idle
            return .parse
        }
        if count > left || (count == 0 && self.inputEnded) { return self.finish() }
        self.phase = .draining(left: left - count)
        return .wait
    }

    /// Called when the request was refused. The refusal is the last response.
    mutating func refused() -> Next { self.finish() }

    /// Called when a handshake was accepted. The input after it is not HTTP (RFC 9110 §7.8).
    mutating func upgraded() { self.phase = .webSocket }

    /// Called when the WebSocket has ended.
    mutating func socketEnded() -> Next { self.finish() }

    /// Called when the client has ended its side.
    mutating func inputDidEnd() -> Next {
        self.inputEnded = true
        switch self.phase {
        case .idle, .head, .draining: return .parse
        case .exchange, .webSocket, .closed: return .wait
        case .lingering: return self.finish()
        }
    }

    /// Called when all input was processed and no request is complete.
    mutating func starved() -> Next { self.inputEnded ? self.finish() : .wait }

    /// Closes the connection if it is idle.
    mutating func stop() -> Next { self.phase == .idle ? self.finish(linger: false) : .wait }

    mutating func closed() { self.phase = .closed }

    /// Ends the server's side. The connection lingers if the client's side is still open.
    private mutating func finish() -> Next { self.finish(linger: !self.inputEnded) }

    private mutating func finish(linger: Bool) -> Next {
        self.phase = linger ? .lingering : .closed
        return linger ? .linger : .close
    }
}
