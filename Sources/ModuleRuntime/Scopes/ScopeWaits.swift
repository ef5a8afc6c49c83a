import CASGI
import NIOConcurrencyHelpers
import NIOCore
import Synchronization

/// The timers, watches and notices of one loop that have neither completed nor been cancelled: those of its scopes, and
/// those of lifespans. Thread-safe.
///
/// A caller that removes a wait from here runs its completion, on the loop. Only one caller can remove it, so the
/// completion runs exactly once. A persistent watch stays here while its scope is open: its completion runs on the loop
/// each time that it is due, and at its end, unless it is cancelled on the loop.
final class ScopeWaits: Sendable {
    // SAFETY: used on its loop while it is in the table, and by the caller that removes it from there;
    // `ScopeSlot.waits` keeps the scope's memory.
    struct Wait: @unchecked Sendable {
        let id: asgi_id
        let slot: UnsafeMutablePointer<ScopeSlot>
        let completion: Completion
        fileprivate var cause: Cause

        /// Whether it continues after its completion was called (`ASGI_PERSISTENT`).
        var isPersistent: Bool {
            if case .descriptor(_, isPersistent: true) = self.cause { true } else { false }
        }
    }

    /// What completes a wait.
    fileprivate enum Cause {
        /// `due`: when the completion is called. It may be later than the scheduled task, if the timer was moved.
        case timer(Scheduled<Void>, fires: NIODeadline, due: NIODeadline)
        case descriptor(CInt, isPersistent: Bool)
        /// The announcement that the scope's generation ends.
        case stop
    }

    private struct Waiting {
        var waits: [UInt64: Wait] = [:]
        var numbers: [asgi_id: Set<UInt64>] = [:]
        var last: UInt64

        mutating func add(_ wait: Wait, as number: UInt64) {
            self.waits[number] = wait
            self.numbers[wait.id, default: []].insert(number)
            wait.slot.pointee.waits.add(1, ordering: .sequentiallyConsistent)
        }

        mutating func remove(_ number: UInt64) {
            guard let wait = self.waits.removeValue(forKey: number) else { return }
            self.numbers[wait.id]?.remove(number)
            if self.numbers[wait.id]?.isEmpty == true { self.numbers[wait.id] = nil }
            wait.slot.pointee.waits.subtract(1, ordering: .sequentiallyConsistent)
        }
    }

    /// The number of the loop.
    let loop: Int
    private let gate: LoopGate
    private let waiting: NIOLockedValueBox<Waiting>
    /// The descriptors that are watched.
    let poll: DescriptorPoll
    private let runOut: @Sendable ([UInt64]) -> Void
    /// The longest timer: ten years, in microseconds. A longer time is reduced to it.
    private static let longest: UInt64 = 10 * 366 * 24 * 3600 * 1_000_000
    /// The lowest bit of the loop's number within the number of a wait.
    private static let loopBit: UInt64 = 48

    /// `runOut` is called on the event loop with the numbers of waits that may be due (`removeDue`).
    init(gate: LoopGate, loop: Int, poll: DescriptorPoll, runOut: @escaping @Sendable ([UInt64]) -> Void) {
        self.loop = loop
        self.gate = gate
        self.poll = poll
        self.waiting = NIOLockedValueBox(Waiting(last: UInt64(loop) << Self.loopBit))
        self.runOut = runOut
    }

    /// The number of the loop of a wait.
    static func loop(of number: UInt64) -> Int { Int(number >> self.loopBit) }

    /// Starts a timer. Writes its number to `number` before it can expire. The caller has announced a call to the slot.
    func add(
        _ id: asgi_id, _ slot: UnsafeMutablePointer<ScopeSlot>, microseconds: UInt64, _ completion: Completion,
        number room: UnsafeMutablePointer<UInt64>?
    ) {
        let due = Self.deadline(in: microseconds)
        let number = self.waiting.withLockedValue { waiting in
            waiting.last += 1
            let number = waiting.last
            room?.pointee = number
            let cause = self.timer(number, due: due)
            waiting.add(Wait(id: id, slot: slot, completion: completion, cause: cause), as: number)
            return number
        }
        self.retryPoll(id, slot, number)
    }

    private static func deadline(in microseconds: UInt64) -> NIODeadline {
        .now() + .microseconds(Int64(min(microseconds, self.longest)))
    }

    private func timer(_ number: UInt64, due: NIODeadline) -> Cause {
        let runOut = self.runOut
        let scheduled = self.gate.eventLoop.scheduleTask(deadline: due) { runOut([number]) }
        return .timer(scheduled, fires: due, due: due)
    }

    /// Moves a timer of the scope. Returns false if there is none.
    func move(_ number: UInt64, of id: asgi_id, microseconds: UInt64) -> Bool {
        let due = Self.deadline(in: microseconds)
        return self.waiting.withLockedValue { waiting in
            guard let wait = waiting.waits[number], wait.id == id,
                case .timer(let scheduled, let fires, _) = wait.cause
            else { return false }
            if due >= fires {
                // The scheduled task finds that the timer is not due, and schedules it again: most timers are moved
                // often, and later.
                waiting.waits[number]?.cause = .timer(scheduled, fires: fires, due: due)
            } else {
                scheduled.cancel()
                waiting.waits[number]?.cause = self.timer(number, due: due)
            }
            return true
        }
    }

    /// Watches a descriptor, by the same rules. Returns PENDING, or why the descriptor cannot be watched.
    func add(
        _ id: asgi_id, _ slot: UnsafeMutablePointer<ScopeSlot>, file: CInt, _ conditions: DescriptorPoll.Conditions,
        isPersistent: Bool, _ completion: Completion, number room: UnsafeMutablePointer<UInt64>?
    ) -> asgi_result {
        let number = self.waiting.withLockedValue { waiting in
            waiting.last += 1
            room?.pointee = waiting.last
            let cause = Cause.descriptor(file, isPersistent: isPersistent)
            waiting.add(Wait(id: id, slot: slot, completion: completion, cause: cause), as: waiting.last)
            return waiting.last
        }
        let result = self.poll.add(
            file, DescriptorPoll.Watch(number: number, conditions: conditions, isPersistent: isPersistent))
        guard result == ASGI_PENDING else {
            // If the scope has ended meanwhile, the completion is on its way.
            return self.remove(number) == nil ? ASGI_PENDING : result
        }
        self.retryPoll(id, slot, number)
        return ASGI_PENDING
    }

    /// Waits for the announcement that the scope's generation ends, by the same rules.
    func addNotice(
        _ id: asgi_id, _ slot: UnsafeMutablePointer<ScopeSlot>, _ completion: Completion,
        number room: UnsafeMutablePointer<UInt64>?, isEnding: () -> Bool
    ) {
        let number = self.waiting.withLockedValue { waiting in
            waiting.last += 1
            room?.pointee = waiting.last
            waiting.add(Wait(id: id, slot: slot, completion: completion, cause: .stop), as: waiting.last)
            return waiting.last
        }
        // If the end was announced meanwhile, the announcement may have missed this wait.
        if isEnding() { self.completeNow([number]) } else { self.retryPoll(id, slot, number) }
    }

    /// Completes the notices of the matching generations: the host shuts down, or these applications do.
    func completeNotices(of isMeant: (Generation?) -> Bool = { _ in true }) {
        self.completeNow(
            self.waiting.withLockedValue { waiting in
                waiting.waits.filter { _, wait in
                    if case .stop = wait.cause { isMeant(wait.slot.pointee.lastGeneration) } else { false }
                }.map(\.key)
            })
    }

    /// Completes a new wait if its scope has ended meanwhile: the end of the scope may have missed it.
    private func retryPoll(_ id: asgi_id, _ slot: UnsafeMutablePointer<ScopeSlot>, _ number: UInt64) {
        if !slot.pointee.isOpen(id) { self.completeNow([number]) }
    }

    /// Removes and returns a wait, if it exists and, unless `id` is nil, belongs to that scope.
    func remove(_ number: UInt64, of id: asgi_id? = nil) -> Wait? {
        let removed: Wait? = self.waiting.withLockedValue { waiting in
            guard let wait = waiting.waits[number], id == nil || wait.id == id else { return nil }
            waiting.remove(number)
            return wait
        }
        if let removed { self.end(removed, number) }
        return removed
    }

    private func end(_ wait: Wait, _ number: UInt64) {
        switch wait.cause {
        case .timer(let scheduled, _, _): scheduled.cancel()
        case .descriptor(let file, _): self.poll.remove(file, number)
        case .stop: break
        }
    }

    /// Returns a wait whose completion must be called now, with the result for it; nil if there is none, or if it is a
    /// timer that was moved. Removes it, unless it is persistent and its scope is open. On the loop.
    func removeDue(_ number: UInt64) -> (Wait, asgi_result)? {
        let found: (wait: Wait, result: asgi_result)? = self.waiting.withLockedValue { waiting in
            guard let wait = waiting.waits[number] else { return nil }
            guard wait.slot.pointee.isOpen(wait.id) else {
                waiting.remove(number)
                return (wait, ASGI_CANCELLED)
            }
            if wait.isPersistent { return (wait, ASGI_PENDING) }
            if case .timer(_, _, let due) = wait.cause, due > NIODeadline.now() {
                waiting.waits[number]?.cause = self.timer(number, due: due)
                return nil
            }
            waiting.remove(number)
            return (wait, ASGI_DONE)
        }
        if let found, found.result != ASGI_PENDING { self.end(found.wait, number) }
        return found
    }

    /// The numbers of a scope's waits.
    func numbers(of id: asgi_id) -> Set<UInt64> { self.waiting.withLockedValue { $0.numbers[id] ?? [] } }

    /// Completes waits now: they are due, or their scope has ended.
    func completeNow(_ numbers: some Sequence<UInt64>) {
        let (runOut, numbers) = (self.runOut, Array(numbers))
        _ = self.gate.run { runOut(numbers) }
    }
}
