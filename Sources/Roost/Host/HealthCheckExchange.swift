import HTTPServer

/// A GET request that the host sends to an application to check its health. Loop-bound.
///
/// Only the status of the response is used.
final class HealthCheckExchange: Exchange {
    let head = RequestHead()
    let peer = Peer()
    let isFromTrustedProxy = false
    let errorPages = ErrorPages.standard
    var number: UInt64 = 0
    var owner: (any ExchangeOwner)?
    var webSocket: (any WebSocket)? { nil }
    var trailers: HeaderFields { HeaderFields(start: nil, count: 0) }
    private let loop: ServerLoop
    private let memory: UnsafeMutablePointer<UInt8>
    /// Called once, with the status, or nil if there is no complete response.
    private var completion: ((Int?) -> Void)?
    private var response = ResponseValidator(isHead: false)
    private var status: Int?
    private var isRequestReceived = false
    /// Whether the host has stopped waiting, or the application has finished.
    private var isCut = false

    /// `authority`: the value of the `host` header field.
    init(path: String, authority: String, on loop: ServerLoop, completion: @escaping (Int?) -> Void) {
        let (path, authority) = (Array(path.utf8), Array(authority.utf8))
        self.memory = .allocate(capacity: path.count + authority.count)
        self.memory.initialize(from: path, count: path.count)
        (self.memory + path.count).initialize(from: authority, count: authority.count)
        self.loop = loop
        self.completion = completion
        self.head.method = Octets("GET")
        self.head.path = Octets(self.memory, path.count)
        self.head.rawPath = self.head.path
        self.head.authority = Octets(self.memory + path.count, authority.count)
        self.head.append(HeaderField(name: Octets("host"), value: self.head.authority))
    }

    deinit { self.memory.deallocate() }

    var isOpen: Bool { !self.response.isComplete && !self.isCut }

    func receive() -> Reception {
        guard self.isOpen else { return .disconnect }
        defer { self.isRequestReceived = true }
        return self.isRequestReceived ? .pending : .part(.empty, more: false)
    }

    // MARK: Response

    func start(status: Int, fields: HeaderFields, trailers: Bool) -> SendOutcome {
        self.accept { response throws(SendFault) in
            _ = try response.start(status: status, fields: fields, trailers: trailers)
            self.status = status
        }
    }

    func hint(_ links: HeaderFields, isTaken: Bool) -> SendOutcome {
        self.accept { response throws(SendFault) in try response.hint(links) }
    }

    func send(_ body: ResponseBody, more: Bool) -> SendOutcome {
        self.accept { response throws(SendFault) in
            _ = try response.body(size: body.bytes.size, more: more)
            if body.release != nil { self.loop.willRelease(body) }
        }
    }

    func send(_ file: ResponseFile, more: Bool, isTaken: Bool) -> SendOutcome {
        self.accept { response throws(SendFault) in
            _ = try response.body(size: file.count, more: more, isWhole: file.isWhole)
            file.markSent()
        }
    }

    func send(trailers: HeaderFields, more: Bool, isTaken: Bool) -> SendOutcome {
        self.accept { response throws(SendFault) in _ = try response.trailers(trailers, more: more) }
    }

    func respond(status: Int, fields: HeaderFields, body: ResponseBody) -> SendOutcome {
        self.accept { response throws(SendFault) in
            _ = try response.respond(status: status, fields: fields, size: body.bytes.size)
            self.status = status
            if body.release != nil { self.loop.willRelease(body) }
        }
    }

    /// Passes an event of the response to the validator, and completes the health check with the last event.
    private func accept(_ event: (inout ResponseValidator) throws(SendFault) -> Void) -> SendOutcome {
        guard !self.isCut else { return .gone }
        do throws(SendFault) { try event(&self.response) } catch { return .invalid(error) }
        guard self.response.isComplete else { return .done }
        self.complete(self.status)
        self.owner?.exchange(changed: .complete)
        return .done
    }

    private func complete(_ status: Int?) {
        let completion = self.completion
        self.completion = nil
        completion?(status)
    }

    // MARK: End

    func giveUp() {
        guard self.isOpen else { return }
        self.isCut = true
        self.complete(nil)
        self.owner?.exchange(changed: .gone)
    }

    func end(failed: Bool) -> Ending {
        let ending: Ending = !self.isOpen ? .complete : self.status == nil ? .answered : .aborted
        if self.isOpen { self.isCut = true }
        self.complete(self.status == nil ? 500 : nil)
        self.owner = nil
        return ending
    }

    func recycle() {}
}

@available(*, unavailable)
extension HealthCheckExchange: Sendable {}
