import CASGI
import Synchronization

/// A WebSocket while an application answers it: implements its `receive` and `send`. Thread-safe.
final class WebSocketCall: Sendable {
    let scope: WebSocketScope
    private let task: ScopeTask
    /// Whether the WebSocket was accepted, closed or rejected. An error can then no longer become a response.
    private let isAnswered = Atomic<Bool>(false)

    private init(_ scope: WebSocketScope, _ task: ScopeTask) {
        self.scope = scope
        self.task = task
    }

    /// Implements the module's `application` for a WebSocket. Called on the event loop.
    static func start<App: Application>(
        _ type: App.Type, _ scope: CScope, _ receive: @escaping CReceive, _ send: @escaping CSend
    ) -> CResult {
        let copy = WebSocketScope(memory: ScopeMemory(scope))
        return ScopeTask.start(type, scope, receive, send) { application, task in
            await WebSocketCall(copy, task).run(application)
        }
    }

    private func run(_ application: some Application) async -> asgi_result {
        do {
            try await application.webSocket(self.scope, WebSocketReceive(call: self), WebSocketSend(call: self))
            return ASGI_DONE
        } catch { return self.answer(error) }
    }

    private func answer(_ error: any Error) -> asgi_result {
        if let result = self.task.endWithoutAudience(error) { return result }
        guard !self.isAnswered.load(ordering: .relaxed), let answering = error as? any AnsweringError else {
            self.scope.request.log(.error, "WebSocket \(self.scope.request.path): \(error)")
            return ASGI_FAILED
        }
        let response = answering.response
        self.scope.request.log(
            response.status < 500 ? .debug : .error, "WebSocket \(self.scope.request.path): \(error)")
        do {
            try self.reject(response)
            return ASGI_DONE
        } catch {
            if let result = self.task.endWithoutAudience(error) { return result }
            self.scope.request.log(.error, "response could not be sent: \(error)")
            return ASGI_FAILED
        }
    }

    func receive() async throws -> WebSocketReceiveEvent {
        let received = await self.task.functions.receive()
        try self.task.check(received.result)
        switch received.type {
        case ASGI_WEBSOCKET_CONNECT: return .connect
        case ASGI_WEBSOCKET_RECEIVE:
            // The host has checked that a text is UTF-8.
            return .message(
                received.isText ? .text(String(decoding: received.body, as: UTF8.self)) : .bytes(received.body))
        default: return .disconnect(code: received.code, reason: received.reason)
        }
    }

    func accept(_ subprotocol: String?, _ headers: Headers) throws {
        let result = (subprotocol ?? "").withString { subprotocol in
            headers.withFields { fields in
                self.task.functions.send(ASGI_WEBSOCKET_ACCEPT) { event in
                    event.pointee.text = subprotocol
                    event.pointee.headers = fields.baseAddress
                    event.pointee.header_count = fields.count
                }
            }
        }
        try self.answered(result)
    }

    func next(
        _ headers: Headers, _ names: [String], _ start: (@Sendable (inout ResponseStart) -> Void)?
    ) async throws {
        try self.answered(await NextApplicationCall.run(self.task.functions, setting: headers, removing: names, start))
    }

    func send(_ message: WebSocketMessage) async throws {
        let result = await self.task.functions.awaitSend { then, context in
            message.withEvent { self.task.functions.send($0, then, context) }
        }
        try self.task.check(result)
    }

    func close(_ code: Int, _ reason: String) throws {
        let result = reason.withString { reason in
            self.task.functions.send(ASGI_WEBSOCKET_CLOSE) { event in
                event.pointee.code = Int32(clamping: code)
                event.pointee.text = reason
            }
        }
        try self.answered(result)
    }

    func reject(_ response: HTTPResponse) throws {
        let started = response.headers.withFields { fields in
            self.task.functions.send(ASGI_WEBSOCKET_HTTP_RESPONSE_START) { event in
                event.pointee.status = Int32(clamping: response.status)
                event.pointee.headers = fields.baseAddress
                event.pointee.header_count = fields.count
            }
        }
        try self.answered(started)
        let result = response.body.withBytes { bytes in
            self.task.functions.send(ASGI_WEBSOCKET_HTTP_RESPONSE_BODY) { $0.pointee.body = asgi_string(bytes) }
        }
        try self.task.check(result)
    }

    private func answered(_ result: asgi_result) throws {
        try self.task.check(result)
        self.isAnswered.store(true, ordering: .relaxed)
    }
}
