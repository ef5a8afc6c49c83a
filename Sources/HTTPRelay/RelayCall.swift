import HTTPServer

/// One exchange at the front of a relay: passes the client's input to the back, and the response to the client.
/// Loop-bound.
final class RelayCall: ExchangeOwner {
    let stream: UInt32
    private let exchange: any Exchange
    private let socket: (any WebSocket)?
    // SAFETY: the route that holds this call also holds the link, and drops its calls when the link is lost.
    private unowned(unsafe) let link: RelayLink
    /// Bytes of the request body, or WebSocket messages, that the back has granted.
    private var credit: RelayCredit
    /// The rest of a body part that exceeded the credit. Lent by the exchange until the next `receive`.
    private var heldPart: (octets: Octets, isLast: Bool)?
    private var debt: RelayAcknowledger
    /// Whether the end of the body, or of the WebSocket, was sent.
    private var hasEndedInput = false
    private var isGone = false
    /// Whether input waits for room in the link.
    private var awaitsLink = false
    /// Whether a call of `receive` is running. The exchange may report its end inside it.
    private var isReceiving = false

    init(_ exchange: any Exchange, _ stream: UInt32, on link: RelayLink) {
        self.exchange = exchange
        self.socket = exchange.head.asksForWebSocket ? exchange.webSocket : nil
        self.stream = stream
        self.link = link
        // The back grants one message at a time: events after it, such as the close frame, must not be seen early.
        self.credit = RelayCredit(window: self.socket == nil ? RelayInput.window : 1)
        self.debt = RelayAcknowledger(
            writeLimit: link.loop.configuration.writeLimit, writeMark: link.loop.configuration.writeMark)
    }

    func start(mount: UInt32) {
        self.exchange.owner = self
        let isBodiless = self.socket == nil && !self.exchange.head.hasBody
        RelayHead.send(
            self.exchange, subprotocols: self.socket?.subprotocols, mount: mount, isBodiless: isBodiless,
            stream: self.stream, on: self.link)
        guard isBodiless else { return }
        self.hasEndedInput = true
        // Receives the last part, which is empty. The client may have left while the exchange waited for a route.
        if case .disconnect = self.exchange.receive() { self.notifyGone() }
    }

    // MARK: From the client to the back

    func exchange(changed change: ExchangeChange) {
        switch change {
        case .readable: self.sendInput()
        case .writable: self.acknowledge(self.debt.removeAll())
        case .complete: break
        case .gone: self.notifyGone()
        }
    }

    /// Sends the input that has arrived, up to the credit.
    private func sendInput() {
        guard !self.isReceiving else { return }
        if let socket { self.sendMessages(of: socket) } else { self.sendBody() }
    }

    private func sendBody() {
        while self.credit.available > 0, !self.hasEndedInput {
            guard self.linkHasRoom() else { return }
            guard let (octets, isLast) = self.nextPart() else { return }
            let size = min(octets.size, self.credit.available, RelayFrame.maxPart)
            self.credit.spend(size)
            if size < octets.size {
                self.heldPart = (Octets(data: octets.data.map { $0 + size }, size: octets.size - size), isLast)
            }
            self.hasEndedInput = isLast && size == octets.size
            let trailers = self.exchange.trailers
            if self.hasEndedInput, !trailers.isEmpty {
                self.link.send(.requestTrailers, self.stream) { $0.write(trailers, to: &$1) }
            }
            self.link.send(self.hasEndedInput ? .lastPart : .part, self.stream) {
                $0.writeRest(UnsafeRawBufferPointer(rebasing: octets.bytes.prefix(size)), to: &$1)
            }
        }
    }

    /// Whether the link has room. If not, `linkWritable` is called later, and the client's bytes stay in its socket.
    private func linkHasRoom() -> Bool {
        guard !self.link.hasRoom else { return true }
        if !self.awaitsLink { self.link.notifyWhenWritable(self.stream) }
        self.awaitsLink = true
        return false
    }

    func linkWritable() {
        self.awaitsLink = false
        self.sendInput()
    }

    /// Returns the next part; `nil` if none has arrived or the client is gone.
    private func nextPart() -> (Octets, isLast: Bool)? {
        if let heldPart {
            self.heldPart = nil
            return heldPart
        }
        self.isReceiving = true
        let reception = self.exchange.receive()
        self.isReceiving = false
        switch reception {
        case .part(let octets, let more): return (octets, !more)
        case .pending: return nil
        case .disconnect:
            self.notifyGone()
            return nil
        }
    }

    private func sendMessages(of socket: any WebSocket) {
        while self.credit.available > 0, !self.hasEndedInput {
            guard self.linkHasRoom() else { return }
            self.isReceiving = true
            let reception = socket.receive()
            self.isReceiving = false
            switch reception {
            // The WebSocket at the back reports `.connect` to its application itself.
            case .connect: break
            case .pending: return
            case .message(let octets, let isText):
                self.credit.spend(1)
                self.link.send(isText ? .text : .binary, self.stream) { $0.writeRest(octets.bytes, to: &$1) }
            case .disconnect(let code, let reason):
                self.hasEndedInput = true
                self.link.send(.disconnect, self.stream) { writer, output in
                    writer.write(UInt16(truncatingIfNeeded: code), to: &output)
                    writer.writeRest(
                        UnsafeRawBufferPointer(rebasing: reason.bytes.prefix(Self.maxReason)), to: &output)
                }
            }
        }
    }

    private static let maxReason = WebSocketClose.longestReason

    /// Reports to the back that the client is gone. The back can still receive WebSocket messages sent before.
    private func notifyGone() {
        guard !self.isGone else { return }
        self.isGone = true
        if self.socket == nil {
            self.hasEndedInput = true
            self.heldPart = nil
        }
        self.link.send(.gone, self.stream)
        self.sendInput()
    }

    // MARK: From the back to the client

    /// Applies a frame to the client's exchange. Returns whether it was the last frame of the stream.
    func receive(_ frame: RelayFrame, _ given: RelayReader) throws(RelayFault) -> Bool {
        var reader = given
        if self.socket != nil, frame.kind.isOfResponse { throw RelayFault() }
        switch frame.kind {
        case .credit:
            let count = try reader.number(UInt64.self)
            try self.credit.grant(count)
            self.sendInput()
        case .start: try self.start(reader)
        case .hint:
            try self.debt.receive(frame.size)
            self.handle(try reader.withFields { self.exchange.hint($0, isTaken: true) })
        case .send, .sendLast:
            try self.debt.receive(frame.size)
            self.handle(self.exchange.send(Self.body(reader.rest), more: frame.kind == .send))
        case .trailers, .lastTrailers:
            try self.debt.receive(frame.size)
            let more = frame.kind == .trailers
            self.handle(try reader.withFields { self.exchange.send(trailers: $0, more: more, isTaken: true) })
        case .respond: try self.respond(reader)
        case .accept, .reject, .rejectPart, .rejectLast, .text, .binary, .close:
            guard let socket else { throw RelayFault() }
            try self.receive(frame, reader, for: socket)
        case .giveUp: self.exchange.giveUp()
        case .end, .failed:
            self.end(failed: frame.kind == .failed)
            return true
        case .request, .part, .lastPart, .requestTrailers, .gone, .disconnect, .goAway: throw RelayFault()
        }
        return false
    }

    private func start(_ given: RelayReader) throws(RelayFault) {
        var reader = given
        self.exchange.number = try reader.number()
        let length = try reader.number(UInt64.self)
        let (status, trailers) = (Int(try reader.number(UInt16.self)), try reader.number(UInt8.self) != 0)
        let start = { (fields: HeaderFields) in
            self.exchange.start(status: status, fields: fields, trailers: trailers)
        }
        guard length != PendingResponseStart.noLength else { return self.handle(try reader.withFields(start)) }
        // The back knows the length but sends the body in parts: the header needs a Content-Length.
        let outcome = try reader.withFields { fields in
            let hasLength = fields.contains { $0.name.equalsIgnoringCase("content-length") }
            guard !hasLength else { return start(fields) }
            var digits = Array("\(length)".utf8)
            return digits.withUnsafeMutableBufferPointer { digits in
                let field = HeaderField(
                    name: Octets("content-length"), value: Octets(digits.baseAddress!, digits.count))
                return (Array(fields) + [field]).withUnsafeBufferPointer(start)
            }
        }
        self.handle(outcome)
    }

    private func respond(_ given: RelayReader) throws(RelayFault) {
        var reader = given
        self.exchange.number = try reader.number()
        let status = Int(try reader.number(UInt16.self))
        let body = try reader.octets()
        try self.debt.receive(body.size)
        self.handle(
            try reader.withFields { self.exchange.respond(status: status, fields: $0, body: Self.body(body)) })
    }

    private func receive(_ frame: RelayFrame, _ given: RelayReader, for socket: any WebSocket) throws(RelayFault) {
        var reader = given
        switch frame.kind {
        case .accept:
            self.exchange.number = try reader.number()
            let subprotocol = try reader.octets()
            self.handle(try reader.withFields { socket.accept(subprotocol: subprotocol, fields: $0) })
        case .reject:
            self.exchange.number = try reader.number()
            let status = Int(try reader.number(UInt16.self))
            self.handle(try reader.withFields { socket.reject(status: status, fields: $0) })
        case .close:
            let code = Int(try reader.number(UInt16.self))
            self.handle(socket.close(code: code, reason: reader.rest))
        case .rejectPart, .rejectLast:
            try self.debt.receive(frame.size)
            self.handle(socket.reject(Self.body(reader.rest), more: frame.kind == .rejectPart))
        default:
            try self.debt.receive(frame.size)
            self.handle(socket.send(Self.body(reader.rest), isText: frame.kind == .text))
        }
    }

    /// Marks the body as accepted: the back has already checked that there is room for it.
    private static func body(_ octets: Octets) -> ResponseBody {
        var body = ResponseBody(octets)
        body.isTaken = true
        return body
    }

    private func handle(_ outcome: SendOutcome) {
        switch outcome {
        // Acknowledged when the exchange reports `.writable`.
        case .pending: break
        case .done: self.acknowledge(self.debt.removeBatch())
        // The back accepted the frame as valid, so the client's side has ended the exchange meanwhile.
        case .full, .gone, .invalid:
            self.notifyGone()
            self.acknowledge(self.debt.removeAll())
        }
    }

    private func acknowledge(_ size: Int?) {
        guard let size else { return }
        self.link.send(.credit, self.stream) { $0.write(UInt64(size), to: &$1) }
    }

    // MARK: End

    private func end(failed: Bool) {
        _ = self.exchange.end(failed: failed)
        self.exchange.recycle()
    }

    /// Handles the loss of the link: `answer` answers an exchange whose response has not begun; any other is aborted.
    func lost(_ answer: (any Exchange) -> Void) {
        self.exchange.owner = nil
        // Invalid, and so without effect, if the response has begun or the WebSocket was accepted.
        answer(self.exchange)
        self.end(failed: true)
    }
}

@available(*, unavailable)
extension RelayCall: Sendable {}
