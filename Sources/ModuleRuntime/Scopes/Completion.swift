import CASGI
import RoostSystem

/// How a call that was PENDING is completed.
enum Completion {
    /// Calls the module's function.
    case call(asgi_then, UnsafeMutableRawPointer?)
    /// Wakes the thread that is blocked in the call.
    case wait(BlockedCall)
    /// Does nothing: the caller wants no completion.
    case noCompletion

    init(_ then: asgi_then?, _ context: UnsafeMutableRawPointer?) {
        if let then { self = .call(then, context) } else { self = .noCompletion }
    }

    /// Completes the call. Calls into the module, and must therefore never run inside a host function.
    func complete(_ id: asgi_id, _ result: asgi_result, _ event: UnsafePointer<asgi_event>? = nil) {
        switch self {
        case .call(let then, let context): then(context, id, result, event)
        case .wait(let call): call.complete(result, event)
        case .noCompletion: break
        }
    }
}

/// A call with `then == NULL` on a thread that is not a loop: the thread waits here until the call is completed.
// SAFETY: `event` is used under the monitor's mutex, before the caller that owns it continues.
final class BlockedCall: @unchecked Sendable {
    private let result = Monitor<asgi_result?>(nil)
    /// The event of the waiting caller; valid until `complete` has set the result.
    private let event: UnsafeMutablePointer<asgi_event>?

    init(event: UnsafeMutablePointer<asgi_event>?) { self.event = event }

    func complete(_ result: asgi_result, _ event: UnsafePointer<asgi_event>?) {
        self.result.withLock {
            if let event, let room = self.event { asgi_event_write(room, event) }
            $0 = result
        }
        self.result.signal()
    }

    func wait() -> asgi_result { self.result.wait { $0 } }
}
