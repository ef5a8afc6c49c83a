/// A GET that no client has sent: the host asks whether an application is well. Loop-bound.
///
/// Only the status of the answer is looked at.
public final class InnerExchange: Exchange {
    public let head = RequestHead()
    public let peer = Peer()
    public var number: UInt64 = 0
    public var owner: (any ExchangeOwner)?
    public var webSocket: (any WebSocket)? { nil }
    public var trailers: HeaderFields { HeaderFields(start: nil, count: 0) }
    private let loop: ServerLoop
    private let memory: UnsafeMutablePointer<UInt8>
    /// Told once: with the status, or nil, when there is no whole answer.
    private var answered: ((Int?) -> Void)?
    private var status: Int?
    private var hasTrailers = false
    private var isAsked = false
    private var isComplete = false
    private var isCut = false

    /// `authority`: whom it means.
    public init(path: String, authority: String, on loop: ServerLoop, answered: @escaping (Int?) -> Void) {
        let (path, authority) = (Array(path.utf8), Array(authority.utf8))
        self.memory = .allocate(capacity: path.count + authority.count)
        self.memory.initialize(from: path, count: path.count)
        (self.memory + path.count).initialize(from: authority, count: authority.count)
        self.loop = loop
        self.answered = answered
        self.head.method = Octets("GET")
        self.head.path = Octets(self.memory, path.count)
        self.head.rawPath = self.head.path
        self.head.authority = Octets(self.memory + path.count, authority.count)
        self.head.append(HeaderField(name: Octets("host"), value: self.head.authority))
    }

    deinit { self.memory.deallocate() }

    public var isOpen: Bool { !self.isComplete && !self.isCut }

    public func receive() -> Reception {
        guard self.isOpen else { return .disconnect }
        defer { self.isAsked = true }
        return self.isAsked ? .pending : .part(.empty, more: false)
    }

    public func start(status: Int, fields: HeaderFields, trailers: Bool) -> SendOutcome {
        guard self.isOpen else { return self.isCut ? .gone : .invalid(.afterComplete) }
        guard self.status == nil else { return .invalid(.startTwice) }
        guard 200...999 ~= status else { return .invalid(.statusOutOfRange) }
        self.status = status
        self.hasTrailers = trailers
        return .done
    }

    public func hint(_ links: HeaderFields, isTaken: Bool) -> SendOutcome { self.isOpen ? .done : .gone }

    public func send(_ body: ResponseBody, more: Bool) -> SendOutcome {
        let outcome = self.take(isLast: !more && !self.hasTrailers)
        if case .done = outcome { self.loop.willRelease(body) }
        return outcome
    }

    public func send(_ file: ResponseFile, more: Bool, isTaken: Bool) -> SendOutcome {
        let outcome = self.take(isLast: !more && !self.hasTrailers)
        if case .done = outcome { file.taken() }
        return outcome
    }

    public func send(trailers: HeaderFields, more: Bool, isTaken: Bool) -> SendOutcome {
        guard self.hasTrailers else { return .invalid(.trailersBeforeBody) }
        return self.take(isLast: !more)
    }

    public func respond(status: Int, fields: HeaderFields, body: ResponseBody) -> SendOutcome {
        let outcome = self.start(status: status, fields: fields, trailers: false)
        guard case .done = outcome else { return outcome }
        return self.send(body, more: false)
    }

    private func take(isLast: Bool) -> SendOutcome {
        guard self.isOpen else { return self.isCut ? .gone : .invalid(.afterComplete) }
        guard self.status != nil else { return .invalid(.bodyBeforeStart) }
        guard isLast else { return .done }
        self.isComplete = true
        self.tell(self.status)
        self.owner?.exchange(changed: .complete)
        return .done
    }

    private func tell(_ status: Int?) {
        let answered = self.answered
        self.answered = nil
        answered?(status)
    }

    public func leave() {
        guard self.isOpen else { return }
        self.isCut = true
        self.tell(nil)
        self.owner?.exchange(changed: .gone)
    }

    public func end(failed: Bool) -> Ending {
        let ending: Ending = !self.isOpen ? .complete : self.status == nil ? .answered : .aborted
        if self.isOpen { self.isCut = true }
        self.tell(self.status == nil ? 500 : nil)
        self.owner = nil
        return ending
    }

    public func rest() {}
}
