import CASGI
import NIOConcurrencyHelpers

/// Who is told when a call that was PENDING is done.
enum Completion {
    /// The module's function.
    case call(asgi_then, UnsafeMutableRawPointer?)
    /// A thread that waits in the call.
    case wait(BlockedCall)
    /// Nobody: "do not tell me".
    case nobody

    init(_ then: asgi_then?, _ context: UnsafeMutableRawPointer?) {
        if let then { self = .call(then, context) } else { self = .nobody }
    }

    /// Tells it. Calls into the module: never inside a host function.
    func complete(_ id: asgi_id, _ result: asgi_result, _ event: UnsafePointer<asgi_event>? = nil) {
        switch self {
        case .call(let then, let context): then(context, id, result, event)
        case .wait(let call): call.complete(result, event)
        case .nobody: break
        }
    }
}

/// A call with `then == NULL` on a thread that is no loop: the thread waits here.
final class BlockedCall: @unchecked Sendable {
    private let done = ConditionLock(value: false)
    private var result = ASGI_DONE
    /// The caller's, who waits: valid until it is told.
    private let event: UnsafeMutablePointer<asgi_event>?

    init(event: UnsafeMutablePointer<asgi_event>?) { self.event = event }

    func complete(_ result: asgi_result, _ event: UnsafePointer<asgi_event>?) {
        self.done.lock()
        self.result = result
        if let event, let room = self.event { asgi_event_write(room, event) }
        self.done.unlock(withValue: true)
    }

    func wait() -> asgi_result {
        self.done.lock(whenValue: true)
        defer { self.done.unlock() }
        return self.result
    }
}
