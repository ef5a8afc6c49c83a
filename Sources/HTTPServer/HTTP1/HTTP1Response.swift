/// The order of one response's events and the framing of its body (RFC 9112 §6): a value without I/O.
///
/// It is told what the application sends and says what to write, or why not. Nothing is taken that it refuses.
struct HTTP1Response {
    /// How the end of the body is told to the client.
    enum Framing: Equatable {
        /// There is no body, whatever the application sends: HEAD, 204, 304 (RFC 9110 §6.4.1).
        case none(contentLength: Int?)
        case length(Int)
        case chunked
        /// By the end of the connection: HTTP/1.0 without a length.
        case untilClose
    }

    /// What to write for a part of the body.
    struct Part: Equatable {
        /// The head goes first, with this framing.
        var head: Framing?
        /// The bytes are written, framed like this; nil: they are dropped.
        var body: Framing?
        /// The response is complete afterwards.
        var isLast: Bool
    }

    private enum State {
        case idle
        /// Start was taken and is held back.
        case started(status: Int, contentLength: Int?)
        case streaming(Framing, left: Int)
        case complete
    }

    private let version: HTTPVersion
    private let isHead: Bool
    private var state = State.idle

    init(version: HTTPVersion, isHead: Bool) {
        self.version = version
        self.isHead = isHead
    }

    /// Nothing has been written yet: another response can still take its place.
    var isReplaceable: Bool {
        switch self.state {
        case .idle, .started: true
        case .streaming, .complete: false
        }
    }

    var isComplete: Bool {
        if case .complete = self.state { return true }
        return false
    }

    /// Whether the body is ended by closing the connection.
    var endsWithConnection: Bool {
        if case .streaming(.untilClose, _) = self.state { return true }
        return false
    }

    /// Whether `start` may come now; nothing changes yet, since its fields have to be checked too.
    func mayStart(status: Int) throws(ResponseFault) {
        switch self.state {
        case .idle: break
        case .started, .streaming: throw .startTwice
        case .complete: throw .afterComplete
        }
        guard 200...999 ~= status else { throw .statusOutOfRange }
    }

    /// Whether an interim response may still go before the head (RFC 9110 §15.2).
    func mayHint() throws(ResponseFault) {
        switch self.state {
        case .idle, .started: break
        case .streaming: throw .hintTooLate
        case .complete: throw .afterComplete
        }
    }

    mutating func start(status: Int, contentLength: Int?) throws(ResponseFault) {
        try self.mayStart(status: status)
        self.state = .started(status: status, contentLength: contentLength)
    }

    /// The framing of a response that has no body whatever the application sends; nil: it has one. A length is the one
    /// that a GET would have had, where it is known (RFC 9110 §8.6): never with 204, and not made up with 304. `whole`:
    /// bytes of the body, if it is known whole.
    func bodiless(status: Int, contentLength: Int?, whole: Int?) -> Framing? {
        switch status {
        case 204: Framing.none(contentLength: nil)
        case 304: Framing.none(contentLength: contentLength)
        default: self.isHead ? Framing.none(contentLength: contentLength ?? whole) : nil
        }
    }

    mutating func body(count: Int, more: Bool) throws(ResponseFault) -> Part {
        switch self.state {
        case .idle: throw .bodyBeforeStart
        case .complete: throw .afterComplete
        case .streaming(let framing, let left):
            return try self.part(framing, left: left, head: nil, count: count, more: more)
        case .started(let status, let contentLength):
            let whole = more ? nil : count
            if let framing = self.bodiless(status: status, contentLength: contentLength, whole: whole) {
                return try self.part(framing, left: .max, head: framing, count: count, more: more)
            }
            let framing: Framing
            if let contentLength {
                framing = .length(contentLength)
            } else if !more {
                framing = .length(count)
            } else {
                framing = self.version == .http10 ? .untilClose : .chunked
            }
            var left = Int.max
            if case .length(let length) = framing { left = length }
            return try self.part(framing, left: left, head: framing, count: count, more: more)
        }
    }

    /// The whole response at once was taken.
    mutating func complete() { self.state = .complete }

    private mutating func part(
        _ framing: Framing, left: Int, head: Framing?, count: Int, more: Bool
    ) throws(ResponseFault) -> Part {
        if case .length = framing {
            guard count <= left else { throw .bodyTooLong }
            guard more || count == left else { throw .bodyTooShort }
        }
        self.state = more ? .streaming(framing, left: left == .max ? left : left - count) : .complete
        if case .none = framing { return Part(head: head, body: nil, isLast: !more) }
        return Part(head: head, body: framing, isLast: !more)
    }
}
