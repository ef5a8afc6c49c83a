import CASGI
import NIOConcurrencyHelpers
import NIOCore
import Synchronization

/// The timers, watches and notices of one loop that have neither been told nor cancelled: of its scopes, and of lifespans. [any]
///
/// Who takes one out of here tells its completion, on the loop: it is told once, whoever comes first.
final class ScopeWaits: Sendable {
    // SAFETY: whoever takes it out of the table is its only user; `ScopeSlot.waits` keeps the scope's memory.
    struct Wait: @unchecked Sendable {
        let id: asgi_id
        let slot: UnsafeMutablePointer<ScopeSlot>
        let completion: Completion
        fileprivate let cause: Cause
    }

    /// What it waits for.
    fileprivate enum Cause {
        case timer(Scheduled<Void>)
        case descriptor(CInt, DescriptorPoll)
        /// The end of its generation.
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
    /// Ten years: what is asked for beyond is not told apart.
    private static let longest: UInt64 = 10 * 366 * 24 * 3600 * 1000
    /// Above these bits a number has that of its loop.
    private static let loopBit: UInt64 = 48

    /// `runOut` is run on the event loop with the number of a wait, which it takes.
    init(gate: LoopGate, loop: Int, runOut: @escaping @Sendable (UInt64) -> Void) {
        self.loop = loop
        self.gate = gate
        self.waiting = NIOLockedValueBox(Waiting(last: UInt64(loop) << Self.loopBit))
        self.runOut = runOut
    }

    /// The number of the loop that a wait is on.
    static func loop(of number: UInt64) -> Int { Int(number >> self.loopBit) }

    /// Sets a timer, and writes its number to `number` before it can run out. The caller has announced itself to the slot.
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

    /// Watches a descriptor, by the same rules. Says why it cannot.
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

    /// Waits for the announcement that its generation ends, by the same rules.
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
        // Announced meanwhile: it may have looked before this one was there.
        if isEnding() { self.hasten([number]) } else { self.retryPoll(id, slot, number) }
    }

    /// The host stops, or these applications do: those that wait for it are told.
    func hastenNotices(of isMeant: (Generation?) -> Bool = { _ in true }) {
        self.hasten(
            self.waiting.withLockedValue { waiting in
                waiting.waits.filter { _, wait in
                    if case .stop = wait.cause { isMeant(wait.slot.pointee.lastGeneration) } else { false }
                }.map(\.key)
            })
    }

    /// Ended meanwhile: it may have looked for its waits before this one was there.
    private func retryPoll(_ id: asgi_id, _ slot: UnsafeMutablePointer<ScopeSlot>, _ number: UInt64) {
        if !slot.pointee.isOpen(id) { self.hasten([number]) }
    }

    /// Takes a wait out, if it is there, and that scope's.
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

    /// Has waits looked at now: what they wait for is there, or their scope is over.
    func hasten(_ numbers: some Sequence<UInt64> & Sendable) {
        let runOut = self.runOut
        _ = self.gate.run { for number in numbers { runOut(number) } }
    }
}
