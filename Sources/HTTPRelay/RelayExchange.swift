import HTTPServer
import NIOCore

/// One request at the back of a relay: an `Exchange` of the front, carried over by frames. Loop-bound; reused for
/// another request once it has ended.
///
/// The `ResponseValidator` of a direct connection checks the response here, so that the application gets an error at
/// once. The front decides how the response is written to the client.
final class RelayExchange: Exchange {
    // SAFETY: the loop outlives its exchanges.
    unowned(unsafe) let loop: ServerLoop
    private(set) var stream: UInt32 = 0
    let head = RequestHead(capacity: 512, fields: 16)
    let peer = Peer()
    /// The front has evaluated what proxies state.
    let isFromTrustedProxy = false
    var errorPages: ErrorPages { self.serving.errorPages }
    var number: UInt64 = 0
    var owner: (any ExchangeOwner)?
    private let serving: RelayServer
    private(set) var socket: RelaySocket?
    private var response = ResponseValidator(isHead: false)
    /// Whether the client is connected, as far as the back knows.
    private(set) var isAttached = true

    private var input = RelayInput()
    private var lent: ByteBuffer?
    private var trailerList: FieldList?
    private(set) var output: RelayOutput
    private var heldStart = PendingResponseStart()
    /// Whether the application has finished.
    private var hasEnded = false
    /// Whether the application has released the exchange by `recycle`.
    private var isRecycling = false

    init(loop: ServerLoop, of serving: RelayServer) {
        self.loop = loop
        self.serving = serving
        self.output = RelayOutput(loop: loop, link: nil, stream: 0)
    }

    /// Reads the header of a request. Returns the number of the request's mount.
    func start(_ payload: Octets, _ stream: UInt32, on link: RelayLink) throws(RelayFault) -> UInt32 {
        self.stream = stream
        self.number = 0
        self.isAttached = true
        self.hasEnded = false
        self.isRecycling = false
        self.input = RelayInput()
        self.output = RelayOutput(loop: self.loop, link: link, stream: stream)
        self.heldStart = PendingResponseStart()
        let rest = try RelayHead.decode(payload, into: self.head)
        self.peer.become(
            client: rest.client, clientPort: rest.clientPort, server: rest.server, serverPort: rest.serverPort,
            tls: rest.tls)
        self.response = ResponseValidator(isHead: self.head.method.equals("HEAD"))
        if rest.isBodiless { self.input.end() }
        if self.head.asksForWebSocket { self.socket = RelaySocket(self, subprotocols: rest.subprotocols) }
        return rest.mount
    }

    var webSocket: (any WebSocket)? { self.socket }

    // MARK: From the front

    func receive(_ frame: RelayFrame, _ given: RelayReader) throws(RelayFault) {
        var reader = given
        // The front may have sent input before it learned that the application has finished; that input is dropped.
        guard !self.isRecycling || frame.kind == .credit || frame.kind == .gone else { return }
        switch frame.kind {
        case .part, .lastPart:
            guard self.socket == nil else { throw RelayFault() }
            try self.input.append(reader.rest, isLast: frame.kind == .lastPart)
            self.owner?.exchange(changed: .readable)
        case .requestTrailers:
            guard self.trailerList == nil else { throw RelayFault() }
            self.trailerList = try reader.withFields { fields in
                let list = FieldList(most: fields.count)
                for field in fields { list.append(name: field.name.bytes, value: field.value.bytes) }
                return list
            }
        case .text, .binary, .disconnect:
            guard let socket else { throw RelayFault() }
            try socket.receive(frame, reader)
            self.owner?.exchange(changed: .readable)
        case .credit:
            let size = try reader.number(UInt64.self)
            if try self.output.acknowledge(size) { self.pump() }
        case .gone: self.gone()
        default: throw RelayFault()
        }
    }

    /// Resumes the queue: the link has room again.
    func linkWritable() { if self.output.linkWritable() { self.pump() } }

    /// Ends the exchange: the link is lost.
    func lost() {
        self.output.lost()
        guard let socket else { return self.gone() }
        socket.lost()
        // The application may still wait for messages of a client that has left before.
        if self.isAttached { self.gone() } else { self.owner?.exchange(changed: .gone) }
    }

    private func gone() {
        guard self.isAttached else { return }
        self.isAttached = false
        self.output.drop()
        if self.isRecycling { self.serving.recycle(self) }
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
            self.grant(credit)
            return .pending
        }
    }

    /// Allows the front to send more: bytes of the request body, or WebSocket messages.
    func grant(_ credit: Int) {
        guard credit > 0 else { return }
        self.output.send(.credit) { $0.write(UInt64(credit), to: &$1) }
    }

    /// Lends bytes. They stay valid until other bytes are lent, or until `recycle`.
    func lend(_ buffer: ByteBuffer) -> Octets {
        self.lent = buffer
        return buffer.withUnsafeReadableBytes { Octets($0) }
    }

    var trailers: HeaderFields { self.trailerList?.fields ?? HeaderFields(start: nil, count: 0) }

    // MARK: Answering

    var isOpen: Bool { self.isAttached && !self.response.isComplete }

    /// The outcome of a send after the end of the exchange.
    private var closedOutcome: SendOutcome { self.isAttached ? .invalid(.afterComplete) : .gone }

    func start(status: Int, fields: HeaderFields, trailers: Bool) -> SendOutcome {
        guard self.isOpen else { return self.closedOutcome }
        do throws(SendFault) {
            try self.writeStart(status: status, fields: fields, trailers: trailers)
            self.heldStart.start(status: status, trailers: trailers, fields, stream: self.stream)
            return .done
        } catch { return .invalid(error) }
    }

    /// Validates a response header, which must fit into one frame.
    private func writeStart(status: Int, fields: HeaderFields, trailers: Bool) throws(SendFault) {
        var response = self.response
        _ = try response.start(status: status, fields: fields, trailers: trailers)
        try RelayFrame.checkSize(fields)
        self.response = response
    }

    func hint(_ links: HeaderFields, isTaken: Bool) -> SendOutcome {
        guard self.isOpen else { return self.closedOutcome }
        guard isTaken || self.output.hasRoom else { return .full }
        do throws(SendFault) {
            try self.response.hint(links)
            try RelayFrame.checkSize(links)
            self.output.write(.hint) { $0.write(links, to: &$1) }
            return .done
        } catch { return .invalid(error) }
    }

    func send(_ body: ResponseBody, more: Bool) -> SendOutcome {
        guard self.isOpen else { return self.closedOutcome }
        guard body.isTaken || self.output.hasRoom else { return .full }
        do throws(SendFault) {
            let part = try self.response.body(size: body.bytes.size, more: more)
            if let content = part.content { self.sendStart(content) }
            // A response without content, such as one to HEAD, sends its length in the header and an empty part.
            self.write(part.isSent ? body : self.emptied(body), .send, last: more ? .send : .sendLast)
            return self.sent(isLast: part.isLast)
        } catch { return .invalid(error) }
    }

    private func emptied(_ body: ResponseBody) -> ResponseBody {
        if body.release != nil { self.loop.willRelease(body) }
        return ResponseBody(.empty)
    }

    /// Sends the held start of the response, with the length if the first body part determines it.
    private func sendStart(_ content: ResponseValidator.Content) {
        let length: Int? =
            switch content {
            case .length(let length): length
            case .none(let length): length
            case .unknownLength: nil
            }
        guard let frame = self.heldStart.release(number: self.number, length: length) else { return }
        self.output.send(start: frame)
    }

    func send(_ file: ResponseFile, more: Bool, isTaken: Bool) -> SendOutcome {
        guard self.isOpen else { return self.closedOutcome }
        guard isTaken || self.output.hasRoomForFile else { return .full }
        do throws(SendFault) {
            let part = try self.response.body(size: file.count, more: more, isWhole: file.isWhole)
            if let content = part.content { self.sendStart(content) }
            file.markSent()
            if part.isSent {
                self.output.hold(file, more: more)
                self.pump()
            } else {
                self.write(ResponseBody(.empty), .send, last: more ? .send : .sendLast)
            }
            return self.sent(isLast: part.isLast)
        } catch { return .invalid(error) }
    }

    func send(trailers: HeaderFields, more: Bool, isTaken: Bool) -> SendOutcome {
        guard self.isOpen else { return self.closedOutcome }
        guard isTaken || self.output.hasRoom else { return .full }
        do throws(SendFault) {
            var response = self.response
            let (_, isLast) = try response.trailers(trailers, more: more)
            try RelayFrame.checkSize(trailers)
            self.response = response
            self.output.write(more ? .trailers : .lastTrailers) { $0.write(trailers, to: &$1) }
            return self.sent(isLast: isLast)
        } catch { return .invalid(error) }
    }

    func respond(status: Int, fields: HeaderFields, body: ResponseBody) -> SendOutcome {
        guard self.isOpen else { return self.closedOutcome }
        guard body.isTaken || self.output.hasRoom else { return .full }
        do throws(SendFault) {
            var response = self.response
            let (_, content) = try response.respond(status: status, fields: fields, size: body.bytes.size)
            try RelayFrame.checkSize(fields)
            self.response = response
            var hasContent = true
            if case .none = content { hasContent = false }
            // The front accepts only a `respond` frame as the response to a WebSocket handshake. The server's own
            // responses are small.
            if self.socket == nil, !hasContent || self.output.mustQueue(size: body.bytes.size) {
                self.heldStart.start(status: status, trailers: false, fields, stream: self.stream)
                self.sendStart(content)
                self.write(hasContent ? body : self.emptied(body), .send, last: .sendLast)
            } else {
                self.output.send(.respond) { writer, output in
                    writer.write(self.number, to: &output)
                    writer.write(UInt16(status), to: &output)
                    writer.write(body.bytes, to: &output)
                    writer.write(fields, to: &output)
                }
                self.output.sent(body.bytes.size)
                if body.release != nil { self.loop.willRelease(body) }
            }
            return self.sent(isLast: true)
        } catch { return .invalid(error) }
    }

    // MARK: To the front

    /// Sends the bytes after all earlier output; a large body is sent in pieces. `last`: the kind of its last frame.
    func write(_ body: ResponseBody, _ kind: RelayFrame.Kind, last: RelayFrame.Kind) {
        guard body.bytes.size > 0, self.output.mustQueue(size: body.bytes.size) else {
            return self.output.write(whole: body, last)
        }
        self.output.hold(body, kind, last: last)
        self.pump()
    }

    /// Sends a WebSocket message as one frame.
    func write(message: ResponseBody, isText: Bool) { self.output.write(whole: message, isText ? .text : .binary) }

    /// Sends queued output as far as the high-water mark and the link allow.
    private func pump() {
        switch self.output.pump() {
        case .waiting: break
        case .drained(let isAwaited):
            if self.isRecycling { return self.serving.recycle(self) }
            if isAwaited { self.owner?.exchange(changed: .writable) }
        case .fault:
            // The body cannot have the length that its header states: the front cuts the client's connection.
            self.giveUp()
            self.output.drop(failed: true)
            if self.isRecycling { self.serving.recycle(self) }
        }
    }

    func sent(isLast: Bool) -> SendOutcome {
        if isLast { self.owner?.exchange(changed: .complete) }
        return self.output.shouldWait() ? .pending : .done
    }

    // MARK: End

    /// Does nothing after the last frame of the stream.
    func giveUp() { if !self.hasEnded { self.output.send(.giveUp) { _, _ in } } }

    func end(failed: Bool) -> Ending {
        self.owner = nil
        self.hasEnded = true
        let ending: Ending
        if let socket, socket.machine.isAccepted {
            ending = socket.end(failed: failed)
        } else if !self.isAttached || self.response.isComplete {
            ending = .complete
        } else {
            ending = self.response.isReplaceable ? .answered : .aborted
        }
        let isIncomplete = !self.response.isComplete && self.socket?.machine.isAccepted != true
        self.output.finish(failed || isIncomplete ? .failed : .end)
        return ending
    }

    func recycle() {
        self.lent = nil
        self.trailerList = nil
        self.socket?.recycle()
        self.socket = nil
        self.isRecycling = true
        // Queued output is still sent.
        if !self.output.isBusy { self.serving.recycle(self) }
    }

    // MARK: Called by the WebSocket

    /// Begins a response that rejects the WebSocket.
    func reject(status: Int, fields: HeaderFields) throws(SendFault) {
        try self.writeStart(status: status, fields: fields, trailers: false)
        self.output.send(.reject) { writer, output in
            writer.write(self.number, to: &output)
            writer.write(UInt16(status), to: &output)
            writer.write(fields, to: &output)
        }
    }

    func reject(_ body: ResponseBody, more: Bool) throws(SendFault) -> SendOutcome {
        guard self.isOpen else { return self.closedOutcome }
        guard body.isTaken || self.output.hasRoom else { return .full }
        let part = try self.response.body(size: body.bytes.size, more: more)
        self.write(part.isSent ? body : self.emptied(body), .rejectPart, last: more ? .rejectPart : .rejectLast)
        return self.sent(isLast: part.isLast)
    }

    /// Records that the WebSocket was refused. The front answers the handshake with 403.
    func refused() { self.response.complete() }
}

@available(*, unavailable)
extension RelayExchange: Sendable {}
