import CASGI

/// The functions of one scope, as Swift calls them: at once, or awaited. [any]
struct ScopeFunctions: @unchecked Sendable {
    private let id: asgi_id
    let host: HostReference
    private let receiveCall: CReceive
    private let sendCall: CSend
    /// The loop of the scope; nil: it is a lifespan, which has none.
    private let executor: LoopExecutor?

    init(_ scope: CScope, _ receive: @escaping CReceive, _ send: @escaping CSend, _ executor: LoopExecutor?) {
        self.id = scope.pointee.id
        self.host = HostReference(scope.pointee.host)
        self.receiveCall = receive
        self.sendCall = send
        self.executor = executor
    }

    /// The next event.
    func receive() async -> Received {
        // On a loop a call without a completion never blocks, and costs no continuation.
        if let executor, executor.isCurrent {
            let received = self.receive(nil, nil)
            if received.result != ASGI_WOULD_BLOCK { return received }
        }
        return await self.awaiting { self.receive($0, $1) }
    }

    // Never inlined: in an async function Swift 6.3.1 gives the temporary memory back before it is read.
    @inline(never)
    private func receive(_ then: asgi_then?, _ context: UnsafeMutableRawPointer?) -> Received {
        withUnsafeTemporaryAllocation(byteCount: asgi_event_size(), alignment: 16) { room in
            let event = room.baseAddress!.bindMemory(to: asgi_event.self, capacity: 1)
            asgi_event_reset(event, 0)
            let result = self.receiveCall(self.id, event, then, context)
            return Received(result, event)
        }
    }

    /// Gives an event of a type, whose other fields `fill` writes. Never blocks: whoever waits for it says so.
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

    /// Waits for what `send`, called with this completion, has begun.
    func awaitSend(_ send: (@escaping asgi_then, UnsafeMutableRawPointer) -> asgi_result) async -> asgi_result {
        await self.awaiting { Received(send($0, $1), nil) }.result
    }

    func finish(_ result: asgi_result) { _ = self.host.pointer.pointee.finish(self.id, result) }

    private func awaiting(_ call: (@escaping asgi_then, UnsafeMutableRawPointer) -> Received) async -> Received {
        await withUnsafeContinuation { continuation in
            let waiter = Unmanaged.passRetained(Waiter(continuation, self.executor))
            let answer = call(completed, waiter.toOpaque())
            guard answer.result != ASGI_PENDING else { return }
            waiter.release()
            continuation.resume(returning: answer)
        }
    }
}

/// Who waits for a completion. The ABI's `context`; whoever completes it releases it.
private final class Waiter {
    let continuation: UnsafeContinuation<Received, Never>
    let executor: LoopExecutor?

    init(_ continuation: UnsafeContinuation<Received, Never>, _ executor: LoopExecutor?) {
        self.continuation = continuation
        self.executor = executor
    }
}

private func completed(
    _ context: UnsafeMutableRawPointer?, _ id: asgi_id, _ result: asgi_result, _ event: UnsafePointer<asgi_event>?
) {
    guard let context else { return }
    let waiter = Unmanaged<Waiter>.fromOpaque(context).takeRetainedValue()
    let received = Received(result, event)
    guard let executor = waiter.executor else { return waiter.continuation.resume(returning: received) }
    executor.entering { waiter.continuation.resume(returning: received) }
}

/// The completion of a call that nobody waits for. (A NULL would make the call block on a thread that is no loop.)
private func ignored(
    _ context: UnsafeMutableRawPointer?, _ id: asgi_id, _ result: asgi_result, _ event: UnsafePointer<asgi_event>?
) {}
