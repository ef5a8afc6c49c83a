import CASGI
import Synchronization

/// A request while an application answers it: implements its `receive` and `send`. Thread-safe.
final class HTTPCall: Sendable {
    let scope: HTTPScope
    private let task: ScopeTask
    private let hasStarted = Atomic<Bool>(false)
    private let isBodyComplete = Atomic<Bool>(false)

    private init(_ scope: HTTPScope, _ task: ScopeTask) {
        self.scope = scope
        self.task = task
    }

    /// Implements the module's `application` for a request. Called on the event loop.
    static func start<App: Application>(
        _ type: App.Type, _ scope: CScope, _ receive: @escaping CReceive, _ send: @escaping CSend
    ) -> CResult {
        Self.start(type, scope, receive, send) { application, call in
            try await application.http(call.scope, HTTPReceive(call: call), HTTPSend(call: call))
        }
    }

    /// Implements `application` with `run` in place of the application's `http`. Called on the event loop.
    static func start<App: Application>(
        _ type: App.Type, _ scope: CScope, _ receive: @escaping CReceive, _ send: @escaping CSend,
        _ run: @escaping @Sendable (App, HTTPCall) async throws -> Void
    ) -> CResult {
        let copy = HTTPScope(memory: ScopeMemory(scope))
        return ScopeTask.start(type, scope, receive, send) { application, task in
            let call = HTTPCall(copy, task)
            do {
                try await run(application, call)
                return ASGI_DONE
            } catch { return call.answer(error) }
        }
    }

    /// Handles an error that the application threw, and returns the result of the scope.
    ///
    /// Sends the error's response if no response has started. Otherwise the host answers 500, or closes the connection.
    private func answer(_ error: any Error) -> asgi_result {
        if let result = self.task.endWithoutAudience(error) { return result }
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
            self.scope.log(.error, "response could not be sent: \(error)")
            return ASGI_FAILED
        }
    }

    // MARK: Receiving

    func receive() async throws -> Received {
        let received = await self.task.functions.receive()
        try self.task.check(received.result)
        if received.type == ASGI_HTTP_REQUEST, !received.hasMore {
            self.isBodyComplete.store(true, ordering: .relaxed)
        }
        return received
    }

    /// Returns the next part of the body; nil if the body is complete.
    func receivePart() async throws -> Received? {
        guard !self.isBodyComplete.load(ordering: .relaxed) else { return nil }
        let received = try await self.receive()
        guard received.type == ASGI_HTTP_REQUEST else { throw Disconnected() }
        return received
    }

    // MARK: Sending

    func respond(_ response: HTTPResponse) throws {
        try self.startResponse(ASGI_HTTP_RESPONSE, response.status, response.headers, response.body)
    }

    func start(_ status: Int, _ headers: Headers) throws {
        try self.startResponse(ASGI_HTTP_RESPONSE_START, status, headers, "")
    }

    private func startResponse(_ type: UInt32, _ status: Int, _ headers: Headers, _ body: ResponseBody) throws {
        let result = body.withBytes { bytes in
            headers.withFields { fields in
                self.task.functions.send(type) { event in
                    event.pointee.status = Int32(clamping: status)
                    event.pointee.headers = fields.baseAddress
                    event.pointee.header_count = fields.count
                    event.pointee.body = asgi_string(bytes)
                }
            }
        }
        try self.task.check(result)
        self.hasStarted.store(true, ordering: .relaxed)
    }

    func next(
        _ headers: Headers, _ names: [String], _ start: (@Sendable (inout ResponseStart) -> Void)?
    ) async throws {
        try self.task.check(
            await NextApplicationCall.run(self.task.functions, setting: headers, removing: names, start))
        self.hasStarted.store(true, ordering: .relaxed)
    }

    func hint(_ links: [String]) throws {
        let result = Headers(links.map { Header("link", $0) }).withFields { fields in
            self.task.functions.send(ASGI_HTTP_RESPONSE_EARLY_HINT) { event in
                event.pointee.headers = fields.baseAddress
                event.pointee.header_count = fields.count
            }
        }
        try self.task.check(result)
    }

    func sendPart(_ body: ResponseBody) async throws {
        let result = await self.task.functions.awaitSend { then, context in
            body.withBytes { bytes in
                self.task.functions.send(ASGI_HTTP_RESPONSE_BODY, then, context) { event in
                    event.pointee.body = asgi_string(bytes)
                    event.pointee.flags = ASGI_MORE
                }
            }
        }
        try self.task.check(result)
    }

    /// Sends the last part of the body. Does not wait for back-pressure, since nothing follows.
    func sendLast(_ body: ResponseBody) throws {
        let result = body.withBytes { bytes in
            self.task.functions.send(ASGI_HTTP_RESPONSE_BODY) { $0.pointee.body = asgi_string(bytes) }
        }
        try self.task.check(result)
    }
}
