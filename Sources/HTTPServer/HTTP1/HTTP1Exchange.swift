import NIOCore

/// One request of HTTP/1 and its response. Loop-bound; used again for another request when it has ended.
final class HTTP1Exchange: Exchange {
    /// Outlives its exchanges.
    unowned(unsafe) let loop: ServerLoop
    let head = RequestHead()
    var peer: Peer { self.origin!.peer }
    var number: UInt64 = 0
    var owner: (any ExchangeOwner)?

    /// Where the request came from, until nobody holds it any more.
    private var origin: HTTP1Connection?
    /// The response is not complete, and the client is there.
    private var isAttached = false
    /// Nil when the response is complete, or the client is gone.
    var connection: HTTP1Connection? { self.isAttached ? self.origin : nil }
    var response = HTTP1Response(version: .http11, isHead: false)
    var isHead = false
    /// The head of the response, from `start` to the first part of the body.
    var heldHead = ByteBuffer()
    /// A response header that has taken more memory does not keep it, in bytes.
    private static let mostKept = 64 * 1024
    var heldClose = false
    private var trailerList: FieldList?
    /// The WebSocket that it asks for.
    var socket: HTTP1WebSocket?
    /// The part of the body that the last `receive` has lent.
    private var lent: ByteBuffer?
    private var lastPartWasLent = false
    private var began: UInt64 = 0
    var status = 0
    var bytesSent = 0
    /// The server has answered in the owner's place: what the owner still sends is too late, not wrong.
    var isRefused = false
    /// Counts the requests it was used for: who remembers one must not take the next for it.
    private(set) var use = 0

    init(loop: ServerLoop) { self.loop = loop }

    /// The head is complete.
    func begin(on connection: HTTP1Connection, began: UInt64) {
        self.origin = connection
        self.isAttached = true
        connection.unfinished += 1
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
            return .part(self.lend(buffer), more: more)
        case .pending:
            if !wasStarved { connection.restartClock() }
            self.isStarved = true
            return .pending
        case .disconnect: return .disconnect
        }
    }

    /// Lends bytes, which stay where they are until something else is lent, or the exchange rests.
    func lend(_ buffer: ByteBuffer) -> Octets {
        self.lent = buffer
        return buffer.withUnsafeReadableBytes { Octets($0) }
    }

    var trailers: HeaderFields { self.trailerList?.fields ?? HeaderFields(start: nil, count: 0) }

    /// A trailer of the body has come.
    func takeTrailer(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
        let list = self.trailerList ?? FieldList(most: self.loop.configuration.limits.fields)
        self.trailerList = list
        list.append(name: name, value: value)
    }

    /// Somebody waits for a part of the body that has not come.
    private(set) var isStarved = false
    /// The body has not been lent to its end.
    var awaitsBody: Bool { !self.lastPartWasLent }

    // MARK: The end

    func end(failed: Bool) -> Ending {
        self.owner = nil
        if let socket, socket.machine.isAccepted { return socket.end(failed: failed) }
        guard let connection else { return .complete }
        guard self.response.isReplaceable else {
            connection.cut()
            self.detach(isCut: true)
            return .aborted
        }
        self.answer(Refusal(status: 500, reason: "Internal Server Error"), close: false, on: connection)
        return .answered
    }

    func leave() { self.connection?.leave() }

    func rest() {
        self.socket?.rest()
        self.socket = nil
        self.lent = nil
        self.trailerList = nil
        if self.heldHead.capacity > Self.mostKept { self.heldHead = ByteBuffer() }
        self.origin?.exchangeRested()
        self.origin = nil
        self.loop.rest(self)
    }

    /// The client is gone, or its request turned out to be malformed.
    func disconnect() {
        guard self.isAttached else { return }
        self.detach(isCut: true)
        self.owner?.exchange(changed: .gone)
    }

    /// Refuses the rest of a request whose head was good: the status if nothing was written, else a cut.
    func refuse(_ refusal: Refusal, on connection: HTTP1Connection) {
        self.isRefused = true
        if self.response.isReplaceable {
            self.answer(refusal, close: true, on: connection)
        } else {
            connection.cut()
            self.detach(isCut: true)
        }
        self.owner?.exchange(changed: .gone)
    }

    /// Answers in the owner's place. A refusal of a HEAD has no body either (RFC 9110 §9.3.2).
    private func answer(_ refusal: Refusal, close: Bool, on connection: HTTP1Connection) {
        var persistence = connection.persistence(close: close, isWhole: true)
        if refusal.offersUpgrade, persistence == .close { persistence = .closeWithUpgrade }
        self.status = refusal.status
        self.loop.withOutput(of: connection) { output in
            HTTP1Encoder.writeOwn(
                status: refusal.status, text: refusal.reason, lines: refusal.lines, persistence: persistence,
                body: !self.isHead, loop: self.loop, into: &output
            )
        }
        self.bytesSent = self.isHead ? 0 : refusal.reason.utf8CodeUnitCount
        connection.wrote()
        self.response.complete()
        self.complete(connection)
    }

    // MARK: The handshake of a WebSocket

    var webSocket: (any WebSocket)? { self.socket }

    /// Answers a handshake that no application is asked about.
    func refuse(handshake refusal: Refusal, on connection: HTTP1Connection) {
        self.answer(refusal, close: true, on: connection)
    }

    func answerForbidden() {
        guard let connection else { return }
        guard self.response.isReplaceable else {
            connection.cut()
            return self.detach(isCut: true)
        }
        self.answer(Refusal(status: 403, reason: "Forbidden"), close: false, on: connection)
    }

    /// The handshake was taken: there is no response any more, only a socket.
    func accepted() {
        self.status = 101
        self.response.complete()
    }

    /// The socket has ended, or nobody answers it any more.
    func socketLeft(isCut: Bool) { self.detach(isCut: isCut) }

    func complete(_ connection: HTTP1Connection) {
        self.detach(isCut: false)
        connection.responseComplete()
        self.owner?.exchange(changed: .complete)
    }

    /// Leaves the connection: nothing more of this exchange will reach it.
    private func detach(isCut: Bool) {
        guard let connection else { return }
        self.isAttached = false
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
