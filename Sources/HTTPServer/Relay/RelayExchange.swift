import NIOCore

/// A request whose client is another process's: what it offers is what the front's own exchange offers, by way of frames. Loop-bound;
/// used again for another request when it has ended.
///
/// The order of a response is checked here, by the same machine as everywhere, so that whoever answers is told at once; how it is
/// written is the front's business.
final class RelayExchange: Exchange {
    unowned(unsafe) let loop: ServerLoop
    private(set) var stream: UInt32 = 0
    let head = RequestHead(capacity: 512, fields: 16)
    let peer = Peer()
    var number: UInt64 = 0
    var owner: (any ExchangeOwner)?
    private let serving: RelayServing
    /// Nil: the front is gone.
    private(set) var link: RelayLink?
    private(set) var socket: RelaySocket?
    private var response = HTTP1Response(version: .http11, isHead: false)
    /// The client is there, as far as is known.
    private(set) var isAttached = true

    private var input = RelayInput()
    private var lent: ByteBuffer?
    private var trailerList: FieldList?
    private var output = RelayWindow()
    private var held = HeldStart()
    /// Nobody answers any more.
    private var isResting = false

    init(loop: ServerLoop, of serving: RelayServing) {
        self.loop = loop
        self.serving = serving
    }

    /// Takes the head; says which mount is meant.
    func begin(_ payload: Octets, _ stream: UInt32, on link: RelayLink) throws(RelayFault) -> UInt32 {
        self.stream = stream
        self.link = link
        self.number = 0
        self.isAttached = true
        self.isResting = false
        self.input = RelayInput()
        self.output = RelayWindow()
        self.held = HeldStart()
        let rest = try RelayHead.take(payload, into: self.head)
        self.peer.become(
            client: rest.client, clientPort: rest.clientPort, server: rest.server, serverPort: rest.serverPort)
        self.response = HTTP1Response(version: self.head.version, isHead: self.head.method.equals("HEAD"))
        if rest.isBodiless { self.input.end() }
        if self.head.asksForWebSocket { self.socket = RelaySocket(self, subprotocols: rest.subprotocols) }
        return rest.mount
    }

    var webSocket: (any WebSocket)? { self.socket }

    // MARK: What the front sends

    func take(_ frame: RelayFrame, _ given: RelayReader) throws(RelayFault) {
        var reader = given
        switch frame.kind {
        case .part, .lastPart:
            self.input.append(reader.rest, isLast: frame.kind == .lastPart)
            self.owner?.exchange(changed: .readable)
        case .requestTrailers:
            let most = self.loop.configuration.limits.fields
            self.trailerList = try reader.withFields { fields in
                let list = FieldList(most: max(most, fields.count))
                for field in fields { list.append(name: field.name.bytes, value: field.value.bytes) }
                return list
            }
        case .text, .binary:
            guard let socket else { throw RelayFault() }
            socket.append(reader.rest, isText: frame.kind == .text)
        case .credit:
            self.credited(Int(try reader.number(UInt32.self)))
        case .gone:
            let code = Int(try reader.number(UInt16.self))
            self.socket?.ended(WebSocketClose(code, reason: reader.rest))
            self.gone()
        default: throw RelayFault()
        }
    }

    private func credited(_ size: Int) {
        guard self.output.credited(size, mark: self.loop.configuration.writeMark) else { return }
        self.pump()
    }

    /// The front is no more.
    func lost() {
        self.link = nil
        self.socket?.ended(WebSocketClose(WebSocketClose.lost))
        self.gone()
    }

    private func gone() {
        guard self.isAttached else { return }
        self.isAttached = false
        for body in self.output.drop() { self.loop.willRelease(body) }
        if self.isResting { self.serving.rest(self) }
        self.owner?.exchange(changed: .gone)
    }

    // MARK: Receiving

    func receive() -> Reception {
        self.lent = nil
        guard self.isOpen else { return .disconnect }
        switch self.input.next() {
        case .part(let buffer, let more):
            guard buffer.readableBytes > 0 else { return .part(.empty, more: more) }
            return .part(self.lend(buffer), more: more)
        case .wait(let credit):
            self.ask(credit)
            return .pending
        }
    }

    /// Has the front send more.
    func ask(_ credit: Int) {
        guard credit > 0 else { return }
        self.link?.send(.credit, self.stream) { $0.write(UInt32(credit), to: &$1) }
    }

    /// Lends bytes, which stay where they are until something else is lent, or the exchange rests.
    func lend(_ buffer: ByteBuffer) -> Octets {
        self.lent = buffer
        return buffer.withUnsafeReadableBytes { Octets($0) }
    }

    var trailers: HeaderFields { self.trailerList?.fields ?? HeaderFields(start: nil, count: 0) }

    // MARK: Answering

    var isOpen: Bool { self.isAttached && !self.response.isComplete }

    /// What is said to whoever sends when nobody is there any more.
    private var closedOutcome: SendOutcome { self.isAttached ? .invalid(.afterComplete) : .gone }

    func start(status: Int, fields: HeaderFields, trailers: Bool) -> SendOutcome {
        guard self.isOpen else { return self.closedOutcome }
        do throws(SendFault) {
            try self.response.mayStart(status: status)
            let checked = try ResponseFields(fields)
            try self.response.start(status: status, contentLength: checked.contentLength, trailers: trailers)
            self.held.start(status: status, trailers: trailers, fields, stream: self.stream)
            return .done
        } catch { return .invalid(error) }
    }

    func hint(_ links: HeaderFields, isTaken: Bool) -> SendOutcome {
        guard self.isOpen else { return self.closedOutcome }
        guard isTaken || self.hasRoom else { return .full }
        do throws(SendFault) {
            try self.response.mayHint()
            for link in links { try ResponseFields.check(value: link.value) }
            let size = links.reduce(4) { $0 + $1.name.size + $1.value.size + 8 }
            self.output.sent(size)
            self.link?.send(.hint, self.stream) { $0.write(links, to: &$1) }
            return .done
        } catch { return .invalid(error) }
    }

    func send(_ body: ResponseBody, more: Bool) -> SendOutcome {
        guard self.isOpen else { return self.closedOutcome }
        guard body.isTaken || self.hasRoom else { return .full }
        do throws(SendFault) {
            let part = try self.response.body(count: body.bytes.size, more: more)
            self.sendStart(part)
            self.write(body, .send, last: more ? .send : .sendLast)
            return self.sent(isLast: part.isLast)
        } catch { return .invalid(error) }
    }

    /// With the first part of the body, whose length may be the whole's.
    private func sendStart(_ part: HTTP1Response.Part) {
        guard let framing = part.head else { return }
        var length: Int?
        if case .length(let count) = framing { length = count }
        if case .none(let count) = framing { length = count }
        guard let frame = self.held.take(number: self.number, length: length) else { return }
        _ = self.link?.send(frame)
    }

    func send(_ file: ResponseFile, more: Bool, isTaken: Bool) -> SendOutcome {
        guard self.isOpen else { return self.closedOutcome }
        guard isTaken || (self.hasRoom && self.output.files < self.loop.configuration.files) else { return .full }
        do throws(SendFault) {
            if file.isWhole { try self.response.mayBeWhole() }
            let part = try self.response.body(count: file.count, more: more)
            self.sendStart(part)
            file.taken()
            self.output.hold(file, more: more)
            self.pump()
            return self.sent(isLast: part.isLast)
        } catch { return .invalid(error) }
    }

    func send(trailers: HeaderFields, more: Bool, isTaken: Bool) -> SendOutcome {
        guard self.isOpen else { return self.closedOutcome }
        guard isTaken || self.hasRoom else { return .full }
        do throws(SendFault) {
            for field in trailers {
                try ResponseFields.check(field)
                guard TrailerField.mayTrail(field.name.bytes) else { throw .trailerField }
            }
            let (_, isLast) = try self.response.trailers(more: more)
            self.queue(more ? .trailers : .lastTrailers) { $0.write(trailers, to: &$1) }
            return self.sent(isLast: isLast)
        } catch { return .invalid(error) }
    }

    func respond(status: Int, fields: HeaderFields, body: ResponseBody) -> SendOutcome {
        guard self.isOpen else { return self.closedOutcome }
        guard body.isTaken || self.hasRoom else { return .full }
        do throws(SendFault) {
            try self.response.mayStart(status: status)
            let checked = try ResponseFields(fields)
            let bodiless = self.response.bodiless(
                status: status, contentLength: checked.contentLength, whole: body.bytes.size)
            if bodiless == nil, let length = checked.contentLength, length != body.bytes.size { throw .contentLength }
            guard bodiless != nil || body.bytes.size <= RelayWindow.piece else {
                self.held.start(status: status, trailers: false, fields, stream: self.stream)
                _ = self.held.take(number: self.number, length: body.bytes.size).map { self.link?.send($0) }
                self.response.complete()
                self.write(body, .send, last: .sendLast)
                return self.sent(isLast: true)
            }
            self.link?.send(.respond, self.stream) { writer, output in
                writer.write(self.number, to: &output)
                writer.write(UInt16(status), to: &output)
                writer.write(body.bytes, to: &output)
                writer.write(fields, to: &output)
            }
            self.output.sent(body.bytes.size)
            if body.release != nil { self.loop.willRelease(body) }
            self.response.complete()
            return self.sent(isLast: true)
        } catch { return .invalid(error) }
    }

    // MARK: What leaves

    var hasRoom: Bool { self.output.underWay < self.loop.configuration.writeLimit }

    /// A frame with the bytes, behind whatever is under way; more of them as far as the front takes them. `last`: the kind of its last frame.
    func write(_ body: ResponseBody, _ kind: RelayFrame.Kind, last: RelayFrame.Kind) {
        guard body.bytes.size > RelayWindow.piece else {
            self.queue(last) { $0.writeRest(body.bytes.bytes, to: &$1) }
            if body.release != nil { self.loop.willRelease(body) }
            return
        }
        self.output.hold(body.release == nil ? body.copied() : body, kind, last: last)
        self.pump()
    }

    /// A message of a WebSocket, which is one frame.
    func write(message: ResponseBody, isText: Bool) {
        self.queue(isText ? .text : .binary) { $0.writeRest(message.bytes.bytes, to: &$1) }
        if message.release != nil { self.loop.willRelease(message) }
    }

    private func queue(_ kind: RelayFrame.Kind, _ body: (RelayWriter, inout ByteBuffer) -> Void) {
        guard self.output.isBusy else {
            let size = self.link?.sendCounted(kind, self.stream, body) ?? 0
            self.output.sent(size)
            return
        }
        var buffer = ByteBuffer()
        let writer = RelayWriter(kind, self.stream, to: &buffer)
        body(writer, &buffer)
        writer.end(in: &buffer)
        self.output.hold(buffer)
    }

    /// Sends a file as far as the front takes it, and then what waits behind it.
    private func pump() {
        while self.output.underWay < RelayWindow.most {
            switch self.output.next() {
            case .nothing:
                if self.isResting { self.serving.rest(self) }
                guard self.output.isAwaited else { return }
                self.output.isAwaited = false
                self.owner?.exchange(changed: .writable)
                return
            case .frame(let buffer): self.output.sent(self.link?.send(buffer) ?? 0)
            case .part(let octets, let kind, let finished):
                self.output.sent(
                    self.link?.sendCounted(kind, self.stream) { $0.writeRest(octets.bytes, to: &$1) } ?? 0)
                if let finished { self.loop.willRelease(finished) }
            case .piece(let bytes, let kind):
                self.output.sent(self.link?.sendCounted(kind, self.stream) { $1.writeImmutableBuffer(bytes) } ?? 0)
            case .fault:
                // It became shorter: the response cannot be what its head says.
                for body in self.output.drop() { self.loop.willRelease(body) }
                self.link?.send(self.isResting ? .failed : .leave, self.stream)
                if self.isResting { self.serving.rest(self) }
                return
            }
        }
    }

    func sent(isLast: Bool) -> SendOutcome {
        if isLast { self.owner?.exchange(changed: .complete) }
        let isMuch = self.output.underWay > self.loop.configuration.writeMark || self.output.isBusy
        self.output.isAwaited = self.output.isAwaited || isMuch
        return isMuch ? .pending : .done
    }

    // MARK: The end

    func leave() { self.link?.send(.leave, self.stream) }

    func end(failed: Bool) -> Ending {
        self.owner = nil
        let ending: Ending
        if let socket, socket.machine.isAccepted {
            ending = socket.end(failed: failed)
        } else if !self.isAttached || self.response.isComplete {
            ending = .complete
        } else {
            ending = self.response.isReplaceable ? .answered : .aborted
        }
        // What a file still holds goes first.
        self.queue(failed || !self.response.isComplete && self.socket?.machine.isAccepted != true ? .failed : .end) {
            _, _ in
        }
        return ending
    }

    func rest() {
        self.lent = nil
        self.trailerList = nil
        self.socket?.rest()
        self.socket = nil
        self.isResting = true
        // What is on its way still goes.
        if !self.output.isBusy { self.serving.rest(self) }
    }

    // MARK: For its WebSocket

    /// A response in the socket's place.
    func reject(status: Int, fields: HeaderFields) throws(SendFault) {
        try self.response.mayStart(status: status)
        let checked = try ResponseFields(fields)
        try self.response.start(status: status, contentLength: checked.contentLength)
        self.link?.send(.reject, self.stream) { writer, output in
            writer.write(self.number, to: &output)
            writer.write(UInt16(status), to: &output)
            writer.write(fields, to: &output)
        }
    }

    func reject(_ body: ResponseBody, more: Bool) throws(SendFault) -> SendOutcome {
        guard self.isOpen else { return self.closedOutcome }
        let part = try self.response.body(count: body.bytes.size, more: more)
        self.write(body, .rejectPart, last: more ? .rejectPart : .rejectLast)
        return self.sent(isLast: part.isLast)
    }

    /// Refused with 403 in the front.
    func refused() { self.response.complete() }
}
