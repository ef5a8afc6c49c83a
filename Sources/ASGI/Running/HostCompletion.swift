import CASGI

/// The completion of one call to the host: passed as its `context`, with the function `completed` as its `then`.
///
/// The host calls `completed` exactly once if the call returned ASGI_PENDING, and never otherwise. In the latter case
/// the caller releases the completion.
final class HostCompletion {
    /// The loop on which the completion runs; nil if it needs no loop, as for a lifespan.
    private let executor: LoopExecutor?
    private let handle: (asgi_result, UnsafePointer<asgi_event>?) -> Void

    private init(_ executor: LoopExecutor?, _ handler: @escaping (asgi_result, UnsafePointer<asgi_event>?) -> Void) {
        self.executor = executor
        self.handle = handler
    }

    /// Calls the host. `call` returns the host's result; `completed` runs when the host completes a pending call.
    static func pass(
        _ executor: LoopExecutor?, to call: (@escaping asgi_then, UnsafeMutableRawPointer) -> asgi_result,
        completed handler: @escaping (asgi_result, UnsafePointer<asgi_event>?) -> Void
    ) {
        let completion = Unmanaged.passRetained(HostCompletion(executor, handler))
        if call(completed, completion.toOpaque()) != ASGI_PENDING { completion.release() }
    }

    fileprivate func complete(_ result: asgi_result, _ event: UnsafePointer<asgi_event>?) {
        guard let executor else { return self.handle(result, event) }
        executor.entering { self.handle(result, event) }
    }
}

private func completed(
    _ context: UnsafeMutableRawPointer?, _ id: asgi_id, _ result: asgi_result, _ event: UnsafePointer<asgi_event>?
) {
    guard let context else { return }
    Unmanaged<HostCompletion>.fromOpaque(context).takeRetainedValue().complete(result, event)
}
