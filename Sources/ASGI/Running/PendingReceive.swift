import CASGI
import Synchronization

/// The pending receive of a scope (at most one), and the task that waits for it, if any. Thread-safe.
///
/// A cancelled task stops waiting. The host's receive stays pending, and the next `receive` gets its event.
final class PendingReceive: Sendable {
    typealias Continuation = UnsafeContinuation<Received, Never>

    private enum State {
        /// No receive is pending in the host.
        case idle
        /// A receive is pending in the host. The continuation is nil if no task waits any more.
        case outstanding(Continuation?)
        /// The receive was completed while no task waited.
        case ready(Received)
    }

    /// The next step of a task that needs an event.
    enum Step {
        case ask
        case wait
        case deliver(Received)
    }

    private let state = Mutex(State.idle)

    /// Whether no receive is pending in the host and no event is kept here.
    var isIdle: Bool { self.state.withLock { if case .idle = $0 { true } else { false } } }

    func wait(_ continuation: Continuation) -> Step {
        self.state.withLock { state in
            switch state {
            case .idle:
                state = .outstanding(continuation)
                return .ask
            case .outstanding(nil):
                state = .outstanding(continuation)
                return .wait
            case .outstanding: return .deliver(Received(ASGI_BUSY, nil))
            case .ready(let received):
                state = .idle
                return .deliver(received)
            }
        }
    }

    /// Completes the host's receive. Returns the continuation of the waiting task, for the caller to resume; nil if no
    /// task was waiting.
    func complete(_ received: Received) -> Continuation? {
        self.state.withLock { state in
            guard case .outstanding(let continuation) = state else { return nil }
            state = continuation == nil ? .ready(received) : .idle
            return continuation
        }
    }

    /// Ends a task's wait. Returns its continuation, for the caller to resume; nil if no task was waiting.
    func abandon() -> Continuation? {
        self.state.withLock { state in
            guard case .outstanding(let continuation) = state else { return nil }
            state = .outstanding(nil)
            return continuation
        }
    }
}
