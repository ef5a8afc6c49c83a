import CASGI
import NIOConcurrencyHelpers
package import NIOCore

/// Where other threads leave calls for a loop, in order. The loop is woken only when the box was empty.
package final class Mailbox: Sendable {
    enum Item: Sendable {
        case call(ForeignCall)
        case broadcast(Broadcast)
        /// Of a lifespan that lives on the loop.
        case job(ControlThread.Job)
    }

    /// Bytes of one scope's sends under way above which the next is PENDING.
    package let sendMark: Int
    /// And above which it is FULL.
    package let sendLimit: Int
    /// Those of the loop's scopes.
    let waits: ScopeWaits
    /// Closed when the loop ends: what comes then is not done.
    let gate: LoopGate
    private let items = NIOLockedValueBox<[Item]>([])
    private let drain: @Sendable () -> Void

    /// `drain`, and `runOut` with the number of a wait, are run on the event loop, which has the number `loop`.
    package init(
        eventLoop: any EventLoop, loop: Int, sendMark: Int, sendLimit: Int,
        runOut: @escaping @Sendable (UInt64) -> Void,
        drain: @escaping @Sendable () -> Void
    ) {
        self.gate = LoopGate(eventLoop: eventLoop)
        self.waits = ScopeWaits(gate: self.gate, loop: loop, runOut: runOut)
        self.sendMark = sendMark
        self.sendLimit = sendLimit
        self.drain = drain
    }

    /// Calls that come when the loop is no more are not done; who waits in one is told so. [any]
    func put(_ item: Item) {
        let wasEmpty = self.items.withLockedValue { items in
            items.append(item)
            return items.count == 1
        }
        guard wasEmpty, !self.gate.run(self.drain) else { return }
        for item in self.removeAll() {
            switch item {
            case .call(let call): call.abandon()
            case .broadcast(let broadcast): broadcast.deliver()
            case .job: break
            }
        }
    }

    /// Has the loop look, though nothing has come. [any]
    func wake() { _ = self.gate.run(self.drain) }

    /// Everything that has come; on the loop.
    func removeAll() -> [Item] {
        self.items.withLockedValue { items in
            defer { items = [] }
            return items
        }
    }
}

/// A call that was made on another thread than its scope's, or has to go behind one.
// SAFETY: the slot's protocol keeps what it refers to until the call is completed.
struct ForeignCall: @unchecked Sendable {
    enum Kind {
        case receive(Completion)
        /// `isPromised`: the caller was answered PENDING and is told.
        case send(EventCopy, Completion, isPromised: Bool)
        case finish(asgi_result)
        case post(Completion)
        case member(Membership, GroupName)
        /// A timer or a watch that was cancelled.
        case cancelled(Completion)
        /// `application`, which was called on the pool.
        case returned(asgi_result)
    }

    let id: asgi_id
    let slot: UnsafeMutablePointer<ScopeSlot>
    let kind: Kind

    /// It will not be done.
    fileprivate func abandon() {
        switch self.kind {
        case .receive(.wait(let blocked)), .send(_, .wait(let blocked), isPromised: true):
            blocked.complete(ASGI_CANCELLED, nil)
        case .receive, .send, .finish, .post, .member, .cancelled, .returned: break
        }
        self.slot.pointee.complete(ordered: self.isOrdered)
    }

    /// Whether calls on the loop have to go behind it.
    var isOrdered: Bool {
        switch self.kind {
        case .post, .cancelled: false
        case .receive, .send, .finish, .member, .returned: true
        }
    }
}
