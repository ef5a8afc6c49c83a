import CASGI
import NIOConcurrencyHelpers
import NIOCore
import Synchronization

/// The timers, watches and notices of one loop that have neither completed nor been cancelled: those of its scopes, and
/// those of lifespans. Thread-safe.
///
/// A caller that removes a wait from here runs its completion, on the loop. Only one caller can remove it, so the
/// completion runs exactly once.
final class ScopeWaits: Sendable {
    // SAFETY: the caller that removes it from the table is its only user; `ScopeSlot.waits` keeps the scope's memory.
    struct Wait: @unchecked Sendable {
        let id: asgi_id
        let slot: UnsafeMutablePointer<ScopeSlot>
        let completion: Completion
        fileprivate let cause: Cause
    }

    /// What completes a wait.
    fileprivate enum Cause {
        case timer(Scheduled<Void>)
        case descriptor(CInt, DescriptorPoll)
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
    }

    /// The number of the loop.
    let loop: Int
    private let gate: LoopGate
    private let waiting: NIOLockedValueBox<Waiting>
    private let runOut: @Sendable (UInt64) -> Void
    /// The longest timer: ten years, in milliseconds. A longer time is reduced to it.
    private static let longest: UInt64 = 10 * 366 * 24 * 3600 * 1000
    /// The lowest bit of the loop's number within the number of a wait.
    private static let loopBit: UInt64 = 48

    /// `runOut` is called on the event loop with the number of a wait that is due, and removes the wait.
    init(gate: LoopGate, loop: Int, runOut: @escaping @Sendable (UInt64) -> Void) {
        self.loop = loop
        self.gate = gate
        self.waiting = NIOLockedValueBox(Waiting(last: UInt64(loop) << Self.loopBit))
        self.runOut = runOut
    }

    /// The number of the loop of a wait.
    static func loop(of number: UInt64) -> Int { Int(number >> self.loopBit) }

    /// Starts a timer. Writes its number to `number` before it can expire. The caller has announced a call to the slot.
    func add(
        _ id: asgi_id, _ slot: UnsafeMutablePointer<ScopeSlot>, milliseconds: UInt64, _ completion: Completion,
        number room: UnsafeMutablePointer<UInt64>?
    ) {
        let time = TimeAmount.milliseconds(Int64(min(milliseconds, Self.longest)))
        let number = self.waiting.withLockedValue { waiting in
            waiting.last += 1
            let number = waiting.last
            room?.pointee = number
            let runOut = self.runOut
            let scheduled = self.gate.eventLoop.scheduleTask(in: time) { runOut(number) }
            waiting.add(Wait(id: id, slot: slot, completion: completion, cause: .timer(scheduled)), as: number)
            return number
        }
        self.retryPoll(id, slot, number)
    }

    /// Watches a descriptor, by the same rules. Returns PENDING, or why the descriptor cannot be watched.
    func add(
        _ id: asgi_id, _ slot: UnsafeMutablePointer<ScopeSlot>, file: CInt, _ conditions: DescriptorPoll.Conditions,
        _ completion: Completion, number room: UnsafeMutablePointer<UInt64>?, poll: DescriptorPoll
    ) -> asgi_result {
        let number = self.waiting.withLockedValue { waiting in
            waiting.last += 1
            room?.pointee = waiting.last
            waiting.add(
                Wait(id: id, slot: slot, completion: completion, cause: .descriptor(file, poll)), as: waiting.last)
            return waiting.last
        }
        let result = poll.add(file, DescriptorPoll.Watch(number: number, waits: self, conditions: conditions))
        guard result == ASGI_PENDING else {
            _ = self.remove(number)
            return result
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
        let taken: Wait? = self.waiting.withLockedValue { waiting in
            guard let wait = waiting.waits[number], id == nil || wait.id == id else { return nil }
            waiting.waits[number] = nil
            waiting.numbers[wait.id]?.remove(number)
            if waiting.numbers[wait.id]?.isEmpty == true { waiting.numbers[wait.id] = nil }
            wait.slot.pointee.waits.subtract(1, ordering: .sequentiallyConsistent)
            return wait
        }
        switch taken?.cause {
        case .timer(let scheduled): scheduled.cancel()
        case .descriptor(let file, let poll): poll.remove(file, number)
        case .stop, nil: break
        }
        return taken
    }

    /// The numbers of a scope's waits.
    func numbers(of id: asgi_id) -> Set<UInt64> { self.waiting.withLockedValue { $0.numbers[id] ?? [] } }

    /// Completes waits now: they are due, or their scope has ended.
    func completeNow(_ numbers: some Sequence<UInt64> & Sendable) {
        let runOut = self.runOut
        _ = self.gate.run { for number in numbers { runOut(number) } }
    }
}
