import CASGI
import Synchronization

/// The one receive of a scope that the host may have outstanding, and the task that waits for it, if one still does.
///
/// A task that is cancelled stops waiting; the host's receive goes on, and its event is the next one's. [any]
final class PendingReceive: Sendable {
    typealias Continuation = UnsafeContinuation<Received, Never>

    private enum State {
        /// The host has no receive of ours.
        case idle
        /// It has one; nil: nobody waits for it any more.
        case outstanding(Continuation?)
        /// It was completed while nobody waited.
        case ready(Received)
    }

    /// What a task that comes to wait has to do.
    enum Step {
        case ask
        case wait
        case deliver(Received)
    }

    private let state = Mutex(State.idle)

    /// Whether the host has no receive of ours, and none of its events is kept here.
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

    /// The host has answered. Says who is to be told.
    func complete(_ received: Received) -> Continuation? {
        self.state.withLock { state in
            guard case .outstanding(let continuation) = state else { return nil }
            state = continuation == nil ? .ready(received) : .idle
            return continuation
        }
    }

    /// The task stops waiting. Returns its continuation, for the caller to resume; nil: no task was waiting.
    func abandon() -> Continuation? {
        self.state.withLock { state in
            guard case .outstanding(let continuation) = state else { return nil }
            state = .outstanding(nil)
            return continuation
        }
    }
}
