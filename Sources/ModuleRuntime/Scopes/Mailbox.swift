import CASGI
import NIOConcurrencyHelpers
import Synchronization

/// The queue of calls that other threads make to a loop. The loop is woken only when the queue was empty.
package final class Mailbox: Sendable {
    enum Item: Sendable {
        case call(CrossThreadCall)
        case broadcast(Broadcast)
        /// A job of a lifespan that lives on the loop.
        case job(ControlThread.Job)
    }

    /// The high-water mark: pending bytes of one scope's sends from other threads above which a send is PENDING.
    package let sendMark: Int
    /// The limit: pending bytes of one scope's sends from other threads at which a send is FULL.
    package let sendLimit: Int
    /// The waits of the loop's scopes.
    let waits: ScopeWaits
    /// Closed when the loop ends. Items that are put into the mailbox afterwards are discarded.
    let gate: LoopGate
    private let items = NIOLockedValueBox<[Item]>([])
    /// Whether the loop performs items.
    private let isDraining = Atomic(false)
    private let wakeUp: @Sendable () -> Void
    private let polled: @Sendable () -> Void

    /// `loop`: the number of the loop. Called on it are `runOut` with the numbers of waits, `wakeUp` when there are items,
    /// and `polled` after a signal, or instead of one that the loop does not live to see. Must be called on the loop.
    package init(
        signal: LoopSignal, loop: Int, sendMark: Int, sendLimit: Int,
        runOut: @escaping @Sendable ([UInt64]) -> Void,
        wakeUp: @escaping @Sendable () -> Void,
        polled: @escaping @Sendable () -> Void
    ) {
        self.gate = LoopGate(signal: signal)
        self.waits = ScopeWaits(
            gate: self.gate, loop: loop, poll: DescriptorPoll(event: signal.descriptor), runOut: runOut)
        self.sendMark = sendMark
        self.sendLimit = sendLimit
        self.wakeUp = wakeUp
        self.polled = polled
        signal.onSignal(polled)
    }

    /// Adds an item. Once the loop has ended, items are discarded, and blocked callers get CANCELLED. Thread-safe.
    ///
    /// An item that is added while the loop performs others waits until the loop has polled its sockets: a module that
    /// posts again and again, on whatever thread, must not stop the loop.
    func put(_ item: Item) {
        let (wasEmpty, isDraining) = self.items.withLockedValue { items in
            items.append(item)
            return (items.count == 1, self.isDraining.load(ordering: .relaxed))
        }
        guard wasEmpty else { return }
        guard !(isDraining ? self.gate.sendSignal() : self.gate.run(self.wakeUp)) else { return }
        for item in self.removeAll() {
            switch item {
            case .call(let call): call.abandon()
            case .broadcast(let broadcast): broadcast.deliver()
            case .job: break
            }
        }
    }

    /// Has the loop drain the mailbox even if no item was added. Thread-safe.
    func wake() { _ = self.gate.run(self.wakeUp) }

    /// Has the loop perform what waits until it has polled its sockets, which it will not do again; nothing can be added
    /// afterwards. Must be called before the loop ends. Thread-safe.
    func close() {
        self.waits.poll.stop()
        self.gate.close(after: self.polled)
    }

    /// Calls `perform` with each item that was added before. On the loop.
    func drain(_ perform: (Item) -> Void) {
        self.isDraining.store(true, ordering: .relaxed)
        for item in self.removeAll() { perform(item) }
        self.isDraining.store(false, ordering: .relaxed)
    }

    private func removeAll() -> [Item] {
        self.items.withLockedValue { items in
            defer { items = [] }
            return items
        }
    }
}

/// A call that was made on another thread than its scope's loop, or that must not overtake such a call.
// SAFETY: the slot's protocol keeps the memory that the call refers to until the call is completed.
struct CrossThreadCall: @unchecked Sendable {
    enum Kind {
        case receive(Completion)
        /// `isPromised`: whether the caller got PENDING, and gets a completion.
        case send(EventCopy, Completion, isPromised: Bool)
        case finish(asgi_result)
        case post(Completion)
        /// The request for a notice of the end of the scope.
        case ended(Completion)
        case member(Membership, GroupName)
        /// The cancellation of a timer, a watch or a notice.
        case cancelled(Completion)
        /// The call of the next application, which the scope's application wraps. `isPassedOn`: whether the scope has
        /// passed its exchange on. Not ordered, since the wrapping application sends during the call.
        case next(NextCall, isPassedOn: Bool)
        /// The return of `application`, which was called on the pool.
        case returned(asgi_result)
    }

    let id: asgi_id
    let slot: UnsafeMutablePointer<ScopeSlot>
    let kind: Kind

    /// Discards the call. It will not be performed.
    fileprivate func abandon() {
        switch self.kind {
        case .receive(.wait(let blocked)), .send(_, .wait(let blocked), isPromised: true):
            blocked.complete(ASGI_CANCELLED, nil)
        case .receive, .send, .finish, .post, .ended, .member, .cancelled, .next, .returned: break
        }
        self.slot.pointee.complete(ordered: self.isOrdered)
    }

    /// Whether calls on the loop must not overtake this call.
    var isOrdered: Bool {
        switch self.kind {
        case .post, .cancelled, .next: false
        case .receive, .send, .finish, .ended, .member, .returned: true
        }
    }
}
