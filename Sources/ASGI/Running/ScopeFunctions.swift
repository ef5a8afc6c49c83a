import CASGI

/// Swift wrappers of one scope's functions, synchronous and asynchronous. Thread-safe.
// SAFETY: the functions are thread-safe, and the id is a number.
struct ScopeFunctions: @unchecked Sendable {
    private let id: asgi_id
    private let host: HostReference
    private let receiveCall: CReceive
    private let sendCall: CSend
    /// The loop of the scope; nil for a lifespan, which has none.
    private let executor: LoopExecutor?
    private let pending = PendingReceive()

    init(_ scope: CScope, _ receive: @escaping CReceive, _ send: @escaping CSend, _ executor: LoopExecutor?) {
        self.id = scope.pointee.id
        self.host = HostReference(scope.pointee.host)
        self.receiveCall = receive
        self.sendCall = send
        self.executor = executor
    }

    /// Returns the next event. Returns ASGI_CANCELLED as soon as the task is cancelled.
    func receive() async -> Received {
        // On a loop, a call without a completion never blocks, and needs no continuation.
        if let executor, executor.isCurrent, self.pending.isIdle {
            let received = self.receive(nil, nil)
            if received.result != ASGI_WOULD_BLOCK { return received }
        }
        return await withTaskCancellationHandler {
            await withUnsafeContinuation { self.waitForEvent($0) }
        } onCancel: {
            self.stopWaiting()
        }
    }

    private func waitForEvent(_ continuation: PendingReceive.Continuation) {
        switch self.pending.wait(continuation) {
        case .deliver(let received): return continuation.resume(returning: received)
        case .wait: break
        case .ask:
            let pending = self.pending
            func complete(_ received: Received) { pending.complete(received)?.resume(returning: received) }
            HostCompletion.pass(self.executor) { then, context in
                let answer = self.receive(then, context)
                if answer.result != ASGI_PENDING { complete(answer) }
                return answer.result
            } completed: {
                complete(Received($0, $1))
            }
        }
        // The task may have been cancelled before the continuation was stored.
        if withUnsafeCurrentTask(body: { $0?.isCancelled }) == true { self.stopWaiting() }
    }

    private func stopWaiting() { self.pending.abandon()?.resume(returning: Received(ASGI_CANCELLED, nil)) }

    // Never inlined: in an async function, Swift 6.3.1 frees the temporary memory before it is read.
    @inline(never)
    private func receive(_ then: asgi_then?, _ context: UnsafeMutableRawPointer?) -> Received {
        withUnsafeTemporaryAllocation(byteCount: asgi_event_size(), alignment: 16) { room in
            let event = room.baseAddress!.bindMemory(to: asgi_event.self, capacity: 1)
            asgi_event_reset(event, 0)
            let result = self.receiveCall(self.id, event, then, context)
            return Received(result, event)
        }
    }

    /// Sends an event; `fill` sets all fields but its type. Never blocks: `then` is called when a pending send
    /// completes.
    @inline(never)
    func send(
        _ type: UInt32, _ then: asgi_then = ignored, _ context: UnsafeMutableRawPointer? = nil,
        _ fill: (UnsafeMutablePointer<asgi_event>) -> Void
    ) -> asgi_result {
        withUnsafeTemporaryAllocation(byteCount: asgi_event_size(), alignment: 16) { room in
            let event = room.baseAddress!.bindMemory(to: asgi_event.self, capacity: 1)
            asgi_event_reset(event, type)
            fill(event)
            return self.sendCall(self.id, event, then, context)
        }
    }

    /// Sends a prepared event.
    func send(
        _ event: UnsafePointer<asgi_event>, _ then: asgi_then, _ context: UnsafeMutableRawPointer?
    ) -> asgi_result { self.sendCall(self.id, event, then, context) }

    /// Calls `send` with a completion, and waits for the result.
    func awaitSend(_ send: (@escaping asgi_then, UnsafeMutableRawPointer) -> asgi_result) async -> asgi_result {
        await withUnsafeContinuation { continuation in
            HostCompletion.pass(self.executor) { then, context in
                let answer = send(then, context)
                if answer != ASGI_PENDING { continuation.resume(returning: answer) }
                return answer
            } completed: { result, _ in
                continuation.resume(returning: result)
            }
        }
    }

    /// Calls the next application. `start` is called with `context` while the scope is open.
    func callNext(
        _ headers: UnsafeBufferPointer<asgi_header>,
        _ start: (@convention(c) (UnsafeMutableRawPointer?, asgi_id, UnsafePointer<asgi_event>?, asgi_send?) -> Void)?,
        _ context: UnsafeMutableRawPointer
    ) -> asgi_result {
        guard let table = self.host.extension(self.id, "asgi.applications/1", as: asgi_applications.self) else {
            return ASGI_UNSUPPORTED
        }
        return withUnsafeTemporaryAllocation(byteCount: asgi_call_size(), alignment: 16) { room in
            let call = room.baseAddress!.bindMemory(to: asgi_call.self, capacity: 1)
            asgi_call_read(nil, call)
            call.pointee.size = UInt32(asgi_call_size())
            call.pointee.headers = headers.baseAddress
            call.pointee.header_count = headers.count
            call.pointee.start = start
            call.pointee.context = context
            return table.pointee.call(self.id, call)
        }
    }

    /// Calls `completed` once the scope has ended; at once if it has.
    func whenEnded(_ completed: @escaping (asgi_result) -> Void) {
        HostCompletion.pass(self.executor) { then, context in
            let answer = self.host.pointer.pointee.ended(self.id, then, context)
            if answer != ASGI_PENDING { completed(answer) }
            return answer
        } completed: { result, _ in
            completed(result)
        }
    }

    func finish(_ result: asgi_result) { _ = self.host.pointer.pointee.finish(self.id, result) }
}

/// A completion that does nothing, for calls that are not awaited. (With NULL, the call would block on a thread that is
/// not an event loop.)
private func ignored(
    _ context: UnsafeMutableRawPointer?, _ id: asgi_id, _ result: asgi_result, _ event: UnsafePointer<asgi_event>?
) {}
