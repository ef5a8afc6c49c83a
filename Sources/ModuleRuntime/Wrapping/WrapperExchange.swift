import HTTPServer

/// The exchange of an application that wraps another, until it passes the exchange on. Then it only sends the beginning
/// of a response that the next application begins (`ResponseBeginning`).
final class WrapperExchange: ForwardingExchange {
    private let next: NextApplication
    private let root: Generation
    /// Whether the next application answers.
    private(set) var isPassedOn = false
    /// Whether the wrapping application itself has begun a response.
    private(set) var hasBegun = false
    private var hasEnded = false
    private lazy var wrapperSocket = self.inner.webSocket.map { WrapperWebSocket($0, of: self) }
    /// The response that the next application begins, while its wrapping application is called.
    var beginning: ResponseBeginning?

    init(_ inner: any Exchange, next: NextApplication, root: Generation) {
        self.next = next
        self.root = root
        super.init(inner)
    }

    /// Passes the exchange on to the next application, which `callNext` then calls. Returns false if that was done
    /// before, or if a response was begun.
    func passOn() -> Bool {
        guard !self.isPassedOn, !self.hasBegun else { return false }
        self.isPassedOn = true
        return true
    }

    /// Undoes `passOn`.
    func takeBack() { self.isPassedOn = false }

    /// Starts the scope of the next application. `scope`: the one that this exchange belongs to.
    func callNext(_ call: NextCall, for scope: Scope) {
        let exchange = NextExchange(self.inner, call, of: scope, self)
        let passed = self.next.next.map { WrapperExchange(exchange, next: $0, root: self.root) } ?? exchange
        scope.loop.start(passed, self.next.generation, root: self.root)
    }

    override var webSocket: (any WebSocket)? { self.wrapperSocket }
    override var isOpen: Bool { !self.isPassedOn && self.inner.isOpen }

    override func exchange(changed change: ExchangeChange) {
        switch change {
        case .complete, .gone: self.hasEnded = true
        case .readable, .writable: break
        }
        super.exchange(changed: change)
    }

    /// The result for a receive after the exchange was passed on: waits for its end.
    private var endReception: Reception { self.hasEnded ? .disconnect : .pending }

    override func receive() -> Reception { self.isPassedOn ? self.endReception : self.inner.receive() }

    override func start(status: Int, fields: HeaderFields, trailers: Bool) -> SendOutcome {
        guard self.isPassedOn else {
            return self.beginOwn { self.inner.start(status: status, fields: fields, trailers: trailers) }
        }
        return self.begin(.response, status: status, fields: fields)
    }

    /// Notes that the wrapping application has begun a response itself, if that is accepted.
    func beginOwn(_ begin: () -> SendOutcome) -> SendOutcome {
        let outcome = begin()
        if outcome.isAccepted { self.hasBegun = true }
        return outcome
    }

    /// Sends the beginning of a response in place of the next application, if it begins one of this kind.
    func begin(
        _ kind: ResponseBeginning.Kind, status: Int = 0, subprotocol: Octets = .empty, fields: HeaderFields
    ) -> SendOutcome {
        guard let beginning, beginning.kind == kind else { return .invalid(.passedOn) }
        self.beginning = nil
        return beginning.send(status: status, subprotocol: subprotocol, fields: fields)
    }

    override func hint(_ links: HeaderFields, isTaken: Bool) -> SendOutcome {
        self.isPassedOn ? .invalid(.passedOn) : super.hint(links, isTaken: isTaken)
    }

    override func send(_ body: ResponseBody, more: Bool) -> SendOutcome {
        self.isPassedOn ? .invalid(.passedOn) : super.send(body, more: more)
    }

    override func send(_ file: ResponseFile, more: Bool, isTaken: Bool) -> SendOutcome {
        self.isPassedOn ? .invalid(.passedOn) : super.send(file, more: more, isTaken: isTaken)
    }

    override func send(trailers: HeaderFields, more: Bool, isTaken: Bool) -> SendOutcome {
        self.isPassedOn ? .invalid(.passedOn) : super.send(trailers: trailers, more: more, isTaken: isTaken)
    }

    override func respond(status: Int, fields: HeaderFields, body: ResponseBody) -> SendOutcome {
        guard !self.isPassedOn else { return .invalid(.passedOn) }
        return self.beginOwn { self.inner.respond(status: status, fields: fields, body: body) }
    }

    /// Ends the exchange, unless it was passed on: the next application ends it then.
    override func end(failed: Bool) -> Ending {
        guard self.isPassedOn else { return super.end(failed: failed) }
        self.owner = nil
        return .passedOn
    }
}

extension SendFault {
    static let passedOn = SendFault("the next application answers: it was called with asgi.applications/1")
}
