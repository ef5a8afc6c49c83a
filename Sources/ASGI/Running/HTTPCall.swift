import CASGI
import Synchronization

/// One request on its way through an application: the task that answers it, and who ends its scope.
///
/// The task begins inside the module's `application`, on the loop. Has it come to its end when that returns, the scope
/// ends with the return; has it not, `application` returns ASGI_PENDING and the task finishes the scope. [any]
final class HTTPCall: @unchecked Sendable {
    private enum Ending {
        static let open = 0
        /// `application` has returned ASGI_PENDING.
        static let returned = 1
        /// The task has come to its end.
        static let ended = 2
    }

    let scope: HTTPScope
    private let functions: ScopeFunctions
    private let ending = Atomic<Int>(Ending.open)
    /// Written before `ending` says `ended`.
    private var result = ASGI_DONE
    private let hasStarted = Atomic<Bool>(false)
    private let isBodyComplete = Atomic<Bool>(false)
    /// What answers the request, while it is suspended.
    private let task = Mutex<Task<Void, Never>?>(nil)

    private init(_ scope: CScope, _ receive: @escaping CReceive, _ send: @escaping CSend, _ executor: LoopExecutor) {
        self.scope = HTTPScope(memory: ScopeMemory(scope))
        self.functions = ScopeFunctions(scope, receive, send, executor)
    }

    /// The module's `application` for a request. [loop]
    static func begin<App: Application>(
        _ type: App.Type, _ scope: CScope, _ receive: @escaping CReceive, _ send: @escaping CSend
    ) -> CResult {
        let host = HostReference(scope.pointee.host)
        guard let state = scope.pointee.state else {
            host.log(scope.pointee.id, .error, "a request without a startup before it: a lifespan is needed")
            return ASGI_FAILED
        }
        let running = Unmanaged<RunningApplication<App>>.fromOpaque(state).takeUnretainedValue()
        guard let executor = running.loops.current else {
            host.log(scope.pointee.id, .error, "a request on a thread that asgi.loop/1 does not know")
            return ASGI_FAILED
        }
        let call = HTTPCall(scope, receive, send, executor)
        executor.entering {
            let task = Task.immediate(executorPreference: executor) { await call.run(running.application) }
            call.keep(task)
        }
        return call.returned()
    }

    private func run(_ application: some Application) async {
        do {
            try await application.http(self.scope, HTTPReceive(call: self), HTTPSend(call: self))
            self.end(ASGI_DONE)
        } catch {
            self.end(self.answer(error))
        }
    }

    /// An error becomes the answer, where one can still be given; else the host's 500, or a cut connection.
    private func answer(_ error: any Error) -> asgi_result {
        if error is Disconnected { return ASGI_GONE }
        if error is CancellationError, !self.scope.isOpen { return ASGI_GONE }
        if let refusal = error as? HostRefusal, refusal.reason == .stale { return ASGI_GONE }
        guard !self.hasStarted.load(ordering: .relaxed), let answering = error as? any AnsweringError else {
            self.scope.log(.error, "\(self.scope.method) \(self.scope.path): \(error)")
            return ASGI_FAILED
        }
        let response = answering.response
        self.scope.log(response.status < 500 ? .debug : .error, "\(self.scope.method) \(self.scope.path): \(error)")
        do {
            try self.respond(response)
            return ASGI_DONE
        } catch is Disconnected {
            return ASGI_GONE
        } catch {
            self.scope.log(.error, "its answer could not be sent: \(error)")
            return ASGI_FAILED
        }
    }

    /// So that it can be cancelled, as long as it runs.
    private func keep(_ task: Task<Void, Never>) {
        guard self.ending.load(ordering: .acquiring) != Ending.ended else { return }
        self.task.withLock { $0 = task }
        // It may have ended on another thread meanwhile.
        if self.ending.load(ordering: .acquiring) == Ending.ended { self.task.withLock { $0 = nil } }
    }

    private func end(_ result: asgi_result) {
        self.result = result
        defer { self.task.withLock { $0 = nil } }
        let (isFirst, _) = self.ending.compareExchange(
            expected: Ending.open, desired: Ending.ended, ordering: .acquiringAndReleasing
        )
        guard !isFirst else { return }
        self.ending.store(Ending.ended, ordering: .releasing)
        self.functions.finish(result)
    }

    private func returned() -> asgi_result {
        let (isFirst, _) = self.ending.compareExchange(
            expected: Ending.open, desired: Ending.returned, ordering: .acquiringAndReleasing
        )
        return isFirst ? ASGI_PENDING : self.result
    }

    // MARK: receive

    func receive() async throws -> Received {
        let received = await self.functions.receive()
        try self.check(received.result)
        if received.type == ASGI_HTTP_REQUEST, !received.hasMore {
            self.isBodyComplete.store(true, ordering: .relaxed)
        }
        return received
    }

    /// The next part of the body; nil: it is complete.
    func receivePart() async throws -> Received? {
        guard !self.isBodyComplete.load(ordering: .relaxed) else { return nil }
        let received = try await self.receive()
        guard received.type == ASGI_HTTP_REQUEST else { throw Disconnected() }
        return received
    }

    // MARK: send

    func respond(_ response: HTTPResponse) throws {
        try self.startResponse(ASGI_HTTP_RESPONSE, response.status, response.headers, response.body)
    }

    func start(_ status: Int, _ headers: Headers) throws {
        try self.startResponse(ASGI_HTTP_RESPONSE_START, status, headers, "")
    }

    private func startResponse(_ type: UInt32, _ status: Int, _ headers: Headers, _ body: ResponseBody) throws {
        let result = body.withBytes { bytes in
            headers.withFields { fields in
                self.functions.send(type) { event in
                    event.pointee.status = Int32(clamping: status)
                    event.pointee.headers = fields.baseAddress
                    event.pointee.header_count = fields.count
                    event.pointee.body = asgi_string(bytes)
                }
            }
        }
        try self.check(result)
        self.hasStarted.store(true, ordering: .relaxed)
    }

    func hint(_ links: [String]) throws {
        let result = Headers(links.map { Header("link", $0) }).withFields { fields in
            self.functions.send(ASGI_HTTP_RESPONSE_EARLY_HINT) { event in
                event.pointee.headers = fields.baseAddress
                event.pointee.header_count = fields.count
            }
        }
        try self.check(result)
    }

    func sendPart(_ body: ResponseBody) async throws {
        let result = await self.functions.awaitSend { then, context in
            body.withBytes { bytes in
                self.functions.send(ASGI_HTTP_RESPONSE_BODY, then, context) { event in
                    event.pointee.body = asgi_string(bytes)
                    event.pointee.flags = ASGI_MORE
                }
            }
        }
        try self.check(result)
    }

    /// The last part of the body: nothing follows, so nobody waits for it.
    func sendLast(_ body: ResponseBody) throws {
        let result = body.withBytes { bytes in
            self.functions.send(ASGI_HTTP_RESPONSE_BODY) { $0.pointee.body = asgi_string(bytes) }
        }
        try self.check(result)
    }

    private func check(_ result: asgi_result) throws {
        switch result {
        case ASGI_DONE, ASGI_PENDING: return
        case ASGI_GONE: throw Disconnected()
        case ASGI_CANCELLED:
            // The host's time for the scope is up, or this task was cancelled.
            if !self.scope.isOpen { self.task.withLock { $0 }?.cancel() }
            throw CancellationError()
        default: throw HostRefusal(result)
        }
    }
}
