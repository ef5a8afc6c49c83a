/// A request on the front's side of a relay: hands the back what its client sends, and the client what the back answers. Loop-bound.
final class RelayCall: ExchangeOwner {
    let stream: UInt32
    private let exchange: any Exchange
    private let socket: (any WebSocket)?
    private unowned(unsafe) let link: RelayLink
    /// Bytes of a body, or messages, that the back still takes; 0: nobody receives there.
    private var credit = 0
    /// Bytes that were taken while much was under way to the client: the back is told when that is over.
    private var owed = 0
    private var hasEndedInput = false
    private var isGone = false

    /// Bytes of which the back is told at once.
    private static let batch = 16 * 1024

    init(_ exchange: any Exchange, _ stream: UInt32, on link: RelayLink) {
        self.exchange = exchange
        self.socket = exchange.head.asksForWebSocket ? exchange.webSocket : nil
        self.stream = stream
        self.link = link
    }

    func begin(mount: UInt32) {
        self.exchange.owner = self
        let isBodiless = self.socket == nil && !self.exchange.head.framing.hasBody
        RelayHead.send(
            self.exchange, subprotocols: self.socket?.subprotocols, mount: mount, isBodiless: isBodiless,
            stream: self.stream, on: self.link)
        guard isBodiless else { return }
        self.hasEndedInput = true
        // Its last part, which has nothing in it.
        _ = self.exchange.receive()
    }

    // MARK: What the client does

    func exchange(changed change: ExchangeChange) {
        switch change {
        case .readable: self.pull()
        case .writable: self.settle()
        case .complete: break
        case .gone: self.tellGone()
        }
    }

    /// Hands on what is there, as far as somebody receives.
    private func pull() {
        if let socket { return self.pull(from: socket) }
        while self.credit > 0, !self.hasEndedInput {
            switch self.exchange.receive() {
            case .pending: return
            case .disconnect: return self.tellGone()
            case .part(let octets, let more):
                self.credit -= octets.size
                self.hasEndedInput = !more
                let trailers = self.exchange.trailers
                if !more, !trailers.isEmpty {
                    self.link.send(.requestTrailers, self.stream) { $0.write(trailers, to: &$1) }
                }
                self.link.send(more ? .part : .lastPart, self.stream) { $0.writeRest(octets.bytes, to: &$1) }
            }
        }
    }

    private func pull(from socket: any WebSocket) {
        while self.credit > 0, !self.hasEndedInput {
            switch socket.receive() {
            case .connect: break
            case .pending: return
            case .message(let octets, let isText):
                self.credit -= 1
                self.link.send(isText ? .text : .binary, self.stream) { $0.writeRest(octets.bytes, to: &$1) }
            case .disconnect(let code, let reason): self.tellGone(code, reason)
            }
        }
    }

    private func tellGone() {
        guard let socket else { return self.tellGone(0, .empty) }
        // What it has sent before can still be received.
        self.credit = .max
        self.pull(from: socket)
        if !self.isGone { self.tellGone(WebSocketClose.lost, .empty) }
    }

    private func tellGone(_ code: Int, _ reason: Octets) {
        guard !self.isGone else { return }
        self.isGone = true
        self.hasEndedInput = true
        self.link.send(.gone, self.stream) { writer, output in
            writer.write(UInt16(code), to: &output)
            writer.writeRest(reason.bytes, to: &output)
        }
    }

    // MARK: What the back answers

    /// True: it was the last.
    func take(_ frame: RelayFrame, _ given: RelayReader) throws(RelayFault) -> Bool {
        var reader = given
        switch frame.kind {
        case .credit:
            self.credit += Int(try reader.number(UInt32.self))
            self.pull()
        case .start:
            try self.start(reader)
        case .hint: self.check(try reader.withFields { self.exchange.hint($0, isTaken: true) }, frame.size)
        case .send, .sendLast:
            self.check(self.exchange.send(Self.body(reader.rest), more: frame.kind == .send), frame.size)
        case .trailers, .lastTrailers:
            let more = frame.kind == .trailers
            self.check(
                try reader.withFields { self.exchange.send(trailers: $0, more: more, isTaken: true) }, frame.size)
        case .respond:
            self.exchange.number = try reader.number()
            let status = Int(try reader.number(UInt16.self))
            let body = try reader.octets()
            self.check(
                try reader.withFields { self.exchange.respond(status: status, fields: $0, body: Self.body(body)) },
                body.size)
        case .accept, .reject, .rejectPart, .rejectLast, .text, .binary, .close:
            guard let socket else { throw RelayFault() }
            try self.take(frame, reader, for: socket)
        case .leave: self.exchange.leave()
        case .end, .failed:
            self.end(failed: frame.kind == .failed)
            return true
        case .request, .part, .lastPart, .requestTrailers, .gone, .goAway: throw RelayFault()
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
        guard length != HeldStart.noLength else { return self.check(try reader.withFields(start), 0) }
        // The back knows it, and its body comes in parts.
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
        self.check(outcome, 0)
    }

    private func take(_ frame: RelayFrame, _ given: RelayReader, for socket: any WebSocket) throws(RelayFault) {
        var reader = given
        switch frame.kind {
        case .accept:
            self.exchange.number = try reader.number()
            let subprotocol = try reader.octets()
            self.check(try reader.withFields { socket.accept(subprotocol: subprotocol, fields: $0) }, 0)
        case .reject:
            self.exchange.number = try reader.number()
            let status = Int(try reader.number(UInt16.self))
            self.check(try reader.withFields { socket.reject(status: status, fields: $0) }, 0)
        case .rejectPart, .rejectLast:
            self.check(socket.reject(Self.body(reader.rest), more: frame.kind == .rejectPart), frame.size)
        case .close:
            let code = Int(try reader.number(UInt16.self))
            self.check(socket.close(code: code, reason: reader.rest), 0)
        default: self.check(socket.send(Self.body(reader.rest), isText: frame.kind == .text), frame.size)
        }
    }

    /// The back's side has looked already whether there is room.
    private static func body(_ octets: Octets) -> ResponseBody {
        var body = ResponseBody(octets)
        body.isTaken = true
        return body
    }

    /// `size`: bytes that the back has counted as under way.
    private func check(_ outcome: SendOutcome, _ size: Int) {
        self.owed += size
        switch outcome {
        case .pending: break
        case .done: if self.owed >= Self.batch { self.settle() }
        // It was in order there: the client's side has ended it meanwhile.
        case .full, .gone, .invalid: self.tellGone()
        }
    }

    /// What was under way has left.
    private func settle() {
        guard self.owed > 0 else { return }
        let size = self.owed
        self.owed = 0
        self.link.send(.credit, self.stream) { $0.write(UInt32(size), to: &$1) }
    }

    // MARK: The end

    private func end(failed: Bool) {
        _ = self.exchange.end(failed: failed)
        self.exchange.rest()
    }

    /// The back is gone: what nobody has answered at all gets this answer, what has begun is cut. `answer`: gives one to an exchange.
    func lost(_ answer: (any Exchange) -> Void) {
        self.exchange.owner = nil
        // Refused when something was begun: then it is cut.
        if self.socket == nil { answer(self.exchange) }
        self.end(failed: true)
    }
}
