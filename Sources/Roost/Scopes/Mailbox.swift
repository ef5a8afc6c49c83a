import CASGI
import NIOConcurrencyHelpers
import NIOCore

/// Where other threads leave calls for a loop, in order. The loop is woken only when the box was empty.
final class Mailbox: Sendable {
    /// Bytes of one scope's sends under way above which the next is PENDING.
    let sendMark: Int
    /// And above which it is FULL.
    let sendLimit: Int
    /// Those of the loop's scopes.
    let timers: ScopeTimers
    private let eventLoop: any EventLoop
    private let calls = NIOLockedValueBox<[ForeignCall]>([])
    private let drain: @Sendable () -> Void

    /// `drain`, and `runOut` with the number of a timer, are run on the event loop.
    init(
        eventLoop: any EventLoop, sendMark: Int, sendLimit: Int, runOut: @escaping @Sendable (UInt64) -> Void,
        drain: @escaping @Sendable () -> Void
    ) {
        self.timers = ScopeTimers(eventLoop: eventLoop, runOut: runOut)
        self.eventLoop = eventLoop
        self.sendMark = sendMark
        self.sendLimit = sendLimit
        self.drain = drain
    }

    /// [any]
    func put(_ call: sending ForeignCall) {
        let wasEmpty = self.calls.withLockedValue { calls in
            calls.append(call)
            return calls.count == 1
        }
        if wasEmpty { self.eventLoop.execute(self.drain) }
    }

    /// Has the loop look, though nothing has come. [any]
    func knock() { self.eventLoop.execute(self.drain) }

    /// Everything that has come; on the loop.
    func take() -> [ForeignCall] {
        self.calls.withLockedValue { calls in
            defer { calls = [] }
            return calls
        }
    }
}

/// A call that was made on another thread than its scope's, or has to go behind one.
struct ForeignCall: @unchecked Sendable {
    enum Kind {
        case receive(Completion)
        /// `isPromised`: the caller was answered PENDING and is told.
        case send(EventCopy, Completion, isPromised: Bool)
        case finish(asgi_result)
        case post(Completion)
        /// A timer that was cancelled.
        case cancelled(Completion)
        /// `application`, which was called on the pool.
        case returned(asgi_result)
    }

    let id: asgi_id
    let slot: UnsafeMutablePointer<ScopeSlot>
    let kind: Kind

    /// Whether calls on the loop have to go behind it.
    var isOrdered: Bool {
        switch self.kind {
        case .post, .cancelled: false
        case .receive, .send, .finish, .returned: true
        }
    }
}
