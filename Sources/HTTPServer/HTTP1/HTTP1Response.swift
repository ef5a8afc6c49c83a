/// The order of one response's events and the framing of its body (RFC 9112 §6): a value without I/O.
///
/// It is told what the application sends and says what to write, or why not. Nothing is taken that it refuses.
package struct HTTP1Response {
    /// How the end of the body is told to the client.
    package enum Framing: Equatable {
        /// The response has no body, whatever the application sends: HEAD, 204, 205, 304 (RFC 9110 §6.4.1, §15.3.6).
        case none(contentLength: Int?)
        case length(Int)
        case chunked
        /// By the end of the connection: HTTP/1.0 without a length.
        case untilClose
    }

    /// What to write for a part of the body.
    package struct Part: Equatable {
        /// The head goes first, with this framing.
        package var head: Framing?
        /// The bytes are written, framed like this; nil: they are dropped.
        package var body: Framing?
        /// The body ends with it.
        var endsBody: Bool
        /// The response is complete afterwards: no trailers are to follow.
        package var isLast: Bool
    }

    private enum State {
        case idle
        /// Start was taken and is held back.
        case started(status: Int, contentLength: Int?)
        /// `left`: bytes that the body may still have; `.max`: as many as it likes.
        case streaming(Framing, left: Int)
        /// The body is complete, its trailers are not.
        case trailing(Framing)
        case complete
    }

    private let version: HTTPVersion
    private let isHead: Bool
    /// Trailers will follow the body, as the start has said.
    private var hasTrailers = false
    private var state = State.idle

    package init(version: HTTPVersion, isHead: Bool) {
        self.version = version
        self.isHead = isHead
    }

    /// Nothing has been written yet: another response can still take its place.
    package var isReplaceable: Bool {
        switch self.state {
        case .idle, .started: true
        case .streaming, .trailing, .complete: false
        }
    }

    package var isComplete: Bool {
        if case .complete = self.state { return true }
        return false
    }

    /// Whether `start` may come now; nothing changes yet, since its fields have to be checked too.
    package func mayStart(status: Int) throws(SendFault) {
        switch self.state {
        case .idle: break
        case .started, .streaming, .trailing: throw .startTwice
        case .complete: throw .afterComplete
        }
        guard 200...999 ~= status else { throw .statusOutOfRange }
    }

    /// Whether an interim response may still go before the head (RFC 9110 §15.2).
    package func mayHint() throws(SendFault) {
        switch self.state {
        case .idle, .started: break
        case .streaming, .trailing: throw .hintTooLate
        case .complete: throw .afterComplete
        }
    }

    /// Whether what comes next may be the whole body.
    package func mayBeWhole() throws(SendFault) {
        if case .streaming = self.state { throw .notWhole }
    }

    package mutating func start(status: Int, contentLength: Int?, trailers: Bool = false) throws(SendFault) {
        try self.mayStart(status: status)
        self.hasTrailers = trailers
        self.state = .started(status: status, contentLength: contentLength)
    }

    /// Returns the framing of a response that has no body whatever the application sends; nil if it has one. `whole`: the
    /// size of the body, if it is known.
    ///
    /// The length is the one that a GET would have had, if it is known (RFC 9110 §8.6): never with 204, not made up with 304.
    /// A 205 says 0, since clients read it as a response with a body (RFC 9110 §15.3.6).
    package func bodiless(status: Int, contentLength: Int?, whole: Int?) -> Framing? {
        switch status {
        case 204: Framing.none(contentLength: nil)
        case 205: Framing.none(contentLength: 0)
        case 304: Framing.none(contentLength: contentLength)
        default: self.isHead ? Framing.none(contentLength: contentLength ?? whole) : nil
        }
    }

    package mutating func body(count: Int, more: Bool) throws(SendFault) -> Part {
        switch self.state {
        case .idle: throw .bodyBeforeStart
        case .complete: throw .afterComplete
        case .trailing: throw .bodyAfterLast
        case .streaming(let framing, let left):
            return try self.part(framing, left: left, head: nil, count: count, more: more)
        case .started(let status, let contentLength):
            let whole = more ? nil : count
            if let framing = self.bodiless(status: status, contentLength: contentLength, whole: whole) {
                return try self.part(framing, left: .max, head: framing, count: count, more: more)
            }
            let framing: Framing
            if self.hasTrailers {
                // Trailers have no place but behind chunks (RFC 9112 §7.1.2); the length is held to all the same.
                framing = .chunked
            } else if let contentLength {
                framing = .length(contentLength)
            } else if !more {
                framing = .length(count)
            } else {
                framing = self.version == .http10 ? .untilClose : .chunked
            }
            return try self.part(framing, left: contentLength ?? .max, head: framing, count: count, more: more)
        }
    }

    /// Takes trailers; says whether they are written, and whether the response is complete with them.
    package mutating func trailers(more: Bool) throws(SendFault) -> (areWritten: Bool, isLast: Bool) {
        switch self.state {
        case .idle, .started, .streaming: throw .trailersBeforeBody
        case .complete: throw .afterComplete
        case .trailing(let framing):
            if !more { self.state = .complete }
            return (framing == .chunked, !more)
        }
    }

    /// The whole response at once was taken.
    package mutating func complete() { self.state = .complete }

    private mutating func part(
        _ framing: Framing, left: Int, head: Framing?, count: Int, more: Bool
    ) throws(SendFault) -> Part {
        if left != .max {
            guard count <= left else { throw .bodyTooLong }
            guard more || count == left else { throw .bodyTooShort }
        }
        if more {
            self.state = .streaming(framing, left: left == .max ? left : left - count)
        } else {
            self.state = self.hasTrailers ? .trailing(framing) : .complete
        }
        var body: Framing? = framing
        if case .none = framing { body = nil }
        return Part(head: head, body: body, endsBody: !more, isLast: !more && !self.hasTrailers)
    }
}
