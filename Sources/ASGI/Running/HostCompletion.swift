import CASGI

/// What is done when the host completes a call: the `context` that goes with the call, and `then`, its completion.
///
/// The host completes each call that it has answered with ASGI_PENDING once, and no other call. The caller releases the
/// completion of a call that was answered otherwise.
final class HostCompletion {
    /// The loop that completions come on; nil: they are a lifespan's.
    private let executor: LoopExecutor?
    private let handle: (asgi_result, UnsafePointer<asgi_event>?) -> Void

    private init(_ executor: LoopExecutor?, _ told: @escaping (asgi_result, UnsafePointer<asgi_event>?) -> Void) {
        self.executor = executor
        self.handle = told
    }

    /// Calls the host. `call` says what it answered; `completed` runs on the loop, when it is.
    static func pass(
        _ executor: LoopExecutor?, to call: (@escaping asgi_then, UnsafeMutableRawPointer) -> asgi_result,
        completed told: @escaping (asgi_result, UnsafePointer<asgi_event>?) -> Void
    ) {
        let completion = Unmanaged.passRetained(HostCompletion(executor, told))
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
