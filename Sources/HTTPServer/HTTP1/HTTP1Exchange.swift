import NIOCore

/// One request of HTTP/1 and its response. Loop-bound; used again for another request when it has ended.
final class HTTP1Exchange: Exchange {
    private unowned let loop: ServerLoop
    let head = RequestHead()
    /// That of the last request until the next begins.
    private(set) var peer = Peer(client: "", clientPort: -1, server: "", serverPort: -1)
    var number: UInt64 = 0
    var owner: (any ExchangeOwner)?

    /// Nil when the response is complete, or the client is gone.
    private var connection: HTTP1Connection?
    private var response = HTTP1Response(version: .http11, isHead: false)
    private var isHead = false
    /// The head of the response, from `start` to the first part of the body.
    private var heldHead = ByteBuffer()
    private var heldClose = false
    /// The part of the body that the last `receive` has lent.
    private var lent: ByteBuffer?
    private var lastPartWasLent = false
    private var began: UInt64 = 0
    private var status = 0
    private var bytesSent = 0
    /// The server has answered in the owner's place: what the owner still sends is too late, not wrong.
    private var isRefused = false
    /// Counts the requests it was used for: who remembers one must not take the next for it.
    private(set) var use = 0

    init(loop: ServerLoop) { self.loop = loop }

    /// The head is complete.
    func begin(on connection: HTTP1Connection, began: UInt64) {
        self.connection = connection
        self.peer = connection.peer
        self.isHead = self.head.method.equals("HEAD")
        self.response = HTTP1Response(version: self.head.version, isHead: self.isHead)
        self.lastPartWasLent = false
        self.began = began
        self.status = 0
        self.bytesSent = 0
        self.number = 0
        self.isRefused = false
        self.isStarved = false
        self.use += 1
    }

    // MARK: The request's body

    func receive() -> Reception {
        self.lent = nil
        guard let connection else { return .disconnect }
        if self.lastPartWasLent { return .pending }
        let wasStarved = self.isStarved
        self.isStarved = false
        switch connection.receive() {
        case .part(let buffer, let more):
            self.lastPartWasLent = !more
            guard buffer.readableBytes > 0 else { return .part(.empty, more: more) }
            // Stays where it is while `lent` keeps it.
            let octets = buffer.withUnsafeReadableBytes { bytes in
                Octets(data: bytes.baseAddress?.assumingMemoryBound(to: CChar.self), size: bytes.count)
            }
            self.lent = buffer
            return .part(octets, more: more)
        case .pending:
            if !wasStarved { connection.restartClock() }
            self.isStarved = true
            return .pending
        case .disconnect: return .disconnect
        }
    }

    /// Somebody waits for a part of the body that has not come.
    private(set) var isStarved = false
    /// The body has not been lent to its end.
    var awaitsBody: Bool { !self.lastPartWasLent }

    // MARK: The response

    var isOpen: Bool { self.connection != nil }

    func start(status: Int, fields: HeaderFields) -> SendOutcome {
        guard self.connection != nil else { return self.closedOutcome }
        do {
            try self.response.mayStart(status: status)
            let fields = try ResponseFields(fields)
            try self.response.start(status: status, contentLength: fields.contentLength)
            self.heldHead.clear()
            self.heldClose = fields.close
            self.status = status
            HTTP1Encoder.writeStart(status: status, fields: fields, loop: self.loop, into: &self.heldHead)
            return .done
        } catch { return .invalid(error) }
    }

    func hint(_ links: HeaderFields) -> SendOutcome {
        guard let connection else { return self.closedOutcome }
        guard connection.hasRoom else { return .full }
        do {
            try self.response.mayHint()
            for link in links { try ResponseFields.check(value: link.value) }
            self.loop.withOutput(of: connection) { HTTP1Encoder.writeHint(links, into: &$0) }
            connection.wrote()
            return .done
        } catch { return .invalid(error) }
    }

    func send(_ body: ResponseBody, more: Bool) -> SendOutcome {
        guard let connection else { return self.closedOutcome }
        guard body.isTaken || connection.hasRoom else { return .full }
        do {
            let part = try self.response.body(count: body.bytes.size, more: more)
            if let framing = part.head {
                let persistence = connection.persistence(
                    close: self.heldClose || framing == .untilClose, isWhole: part.isLast
                )
                self.loop.withOutput(of: connection) { output in
                    output.writeImmutableBuffer(self.heldHead)
                    HTTP1Encoder.writeEnd(framing: framing, persistence: persistence, into: &output)
                }
            }
            self.write(body, framing: part.body, isLast: part.isLast, on: connection)
            connection.wrote()
            if part.isLast { self.complete(connection) }
            return connection.outcome(for: self)
        } catch { return .invalid(error) }
    }

    func respond(status: Int, fields: HeaderFields, body: ResponseBody) -> SendOutcome {
        guard let connection else { return self.closedOutcome }
        guard body.isTaken || connection.hasRoom else { return .full }
        do {
            try self.response.mayStart(status: status)
            let fields = try ResponseFields(fields)
            let bodiless = self.response.bodiless(
                status: status, contentLength: fields.contentLength, whole: body.bytes.size)
            if bodiless == nil, let length = fields.contentLength, length != body.bytes.size {
                return .invalid(.contentLength)
            }
            let framing = bodiless ?? .length(body.bytes.size)
            let persistence = connection.persistence(close: fields.close, isWhole: true)
            self.loop.withOutput(of: connection) { output in
                HTTP1Encoder.writeStart(status: status, fields: fields, loop: self.loop, into: &output)
                HTTP1Encoder.writeEnd(framing: framing, persistence: persistence, into: &output)
            }
            self.status = status
            self.write(body, framing: bodiless == nil ? framing : nil, isLast: true, on: connection)
            connection.wrote()
            self.response.complete()
            self.complete(connection)
            return connection.outcome(for: self)
        } catch { return .invalid(error) }
    }

    /// Writes a part of the body in its framing; without one its bytes are dropped.
    private func write(
        _ body: ResponseBody, framing: HTTP1Response.Framing?, isLast: Bool, on connection: HTTP1Connection
    ) {
        let size = body.bytes.size
        guard let framing, size > 0 || framing == .chunked else {
            if body.release != nil { self.loop.willRelease(body) }
            return
        }
        self.bytesSent += size
        guard framing == .chunked else { return connection.write(body) }
        if size > 0 {
            self.loop.withOutput(of: connection) { HTTP1Encoder.writeChunkSize(size, into: &$0) }
            connection.write(body)
        } else if body.release != nil {
            self.loop.willRelease(body)
        }
        self.loop.withOutput(of: connection) { output in
            if size > 0 { HTTP1Encoder.write(Octets("\r\n"), into: &output) }
            if isLast { HTTP1Encoder.write(Octets("0\r\n\r\n"), into: &output) }
        }
    }

    /// What is said to whoever sends when there is no connection any more.
    private var closedOutcome: SendOutcome {
        self.response.isComplete && !self.isRefused ? .invalid(.afterComplete) : .gone
    }

    // MARK: The end

    func end() -> Ending {
        self.owner = nil
        guard let connection else { return .complete }
        guard self.response.isReplaceable else {
            connection.cut(reset: self.response.endsWithConnection)
            self.detach(isCut: true)
            return .aborted
        }
        self.answer(status: 500, text: "Internal Server Error", close: false, on: connection)
        return .answered
    }

    func rest() {
        self.lent = nil
        self.loop.rest(self)
    }

    /// The client is gone, or its request turned out to be malformed.
    func disconnect() {
        guard self.connection != nil else { return }
        self.detach(isCut: true)
        self.owner?.exchange(changed: .gone)
    }

    /// Refuses the rest of a request whose head was good: the status if nothing was written, else a cut.
    func refuse(_ refusal: Refusal, on connection: HTTP1Connection) {
        self.isRefused = true
        if self.response.isReplaceable {
            self.answer(status: refusal.status, text: refusal.reason, close: true, on: connection)
        } else {
            connection.cut(reset: self.response.endsWithConnection)
            self.detach(isCut: true)
        }
        self.owner?.exchange(changed: .gone)
    }

    private func answer(status: Int, text: StaticString, close: Bool, on connection: HTTP1Connection) {
        let persistence = connection.persistence(close: close, isWhole: true)
        self.status = status
        self.loop.withOutput(of: connection) { output in
            HTTP1Encoder.writeOwn(
                status: status, text: text, persistence: persistence, body: !self.isHead, loop: self.loop, into: &output
            )
        }
        self.bytesSent = self.isHead ? 0 : text.utf8CodeUnitCount
        connection.wrote()
        self.response.complete()
        self.complete(connection)
    }

    private func complete(_ connection: HTTP1Connection) {
        self.detach(isCut: false)
        connection.responseComplete()
        self.owner?.exchange(changed: .complete)
    }

    /// Leaves the connection: nothing more of this exchange will reach it.
    private func detach(isCut: Bool) {
        guard let connection else { return }
        self.connection = nil
        connection.exchangeLeft()
        guard let log = self.loop.log, log.wantsAccess else { return }
        log.served(
            AccessRecord(
                peer: self.peer, head: self.head, status: self.status, bytes: self.bytesSent,
                nanoseconds: NIODeadline.now().uptimeNanoseconds &- self.began, number: self.number, isCut: isCut
            )
        )
    }
}
