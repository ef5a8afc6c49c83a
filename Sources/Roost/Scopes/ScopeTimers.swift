import CASGI
import NIOConcurrencyHelpers
import NIOCore
import Synchronization

/// The timers of one loop that have neither run out nor been cancelled: of its scopes, and on one loop those of lifespans. [any]
///
/// Who takes a timer out of here tells its completion, on the loop: it is told once, whoever comes first.
final class ScopeTimers: Sendable {
    struct Timer: @unchecked Sendable {
        let id: asgi_id
        let slot: UnsafeMutablePointer<ScopeSlot>
        let completion: Completion
        fileprivate let scheduled: Scheduled<Void>
    }

    private struct Waiting {
        var timers: [UInt64: Timer] = [:]
        var numbers: [asgi_id: Set<UInt64>] = [:]
        var last: UInt64 = 0
    }

    private let eventLoop: any EventLoop
    private let waiting = NIOLockedValueBox(Waiting())
    private let runOut: @Sendable (UInt64) -> Void
    /// Ten years: what is asked for beyond is not told apart.
    private static let longest: UInt64 = 10 * 366 * 24 * 3600 * 1000

    /// `runOut` is run on the event loop with the number of a timer, which it takes.
    init(eventLoop: any EventLoop, runOut: @escaping @Sendable (UInt64) -> Void) {
        self.eventLoop = eventLoop
        self.runOut = runOut
    }

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
            let scheduled = self.eventLoop.scheduleTask(in: time) { runOut(number) }
            waiting.timers[number] = Timer(id: id, slot: slot, completion: completion, scheduled: scheduled)
            waiting.numbers[id, default: []].insert(number)
            slot.pointee.timers.add(1, ordering: .sequentiallyConsistent)
            return number
        }
        // Ended meanwhile: it may have looked for its timers before this one was there.
        if !slot.pointee.isOpen(id) { self.hasten(number) }
    }

    /// Takes a timer out, if it is there, and that scope's.
    func take(_ number: UInt64, of id: asgi_id? = nil) -> Timer? {
        self.waiting.withLockedValue { waiting in
            guard let timer = waiting.timers[number], id == nil || timer.id == id else { return nil }
            waiting.timers[number] = nil
            waiting.numbers[timer.id]?.remove(number)
            if waiting.numbers[timer.id]?.isEmpty == true { waiting.numbers[timer.id] = nil }
            timer.scheduled.cancel()
            timer.slot.pointee.timers.subtract(1, ordering: .sequentiallyConsistent)
            return timer
        }
    }

    /// The numbers of a scope's timers.
    func numbers(of id: asgi_id) -> Set<UInt64> { self.waiting.withLockedValue { $0.numbers[id] ?? [] } }

    /// Has a timer looked at now: its scope is over.
    func hasten(_ number: UInt64) {
        let runOut = self.runOut
        self.eventLoop.execute { runOut(number) }
    }
}
