import Logging
import NIOCore
import RoostSystem
import Synchronization

/// Finds out which module holds a loop: everybody else on that loop waits meanwhile. [any]
///
/// A thread looks at the loops ten times a second. What a call costs for it is two stores; the clock is read here, and by a call that
/// was found running for long when it ends. An application is reported once a minute at most.
package final class LoopWatch: Sendable {
    private let loops: [LoopActivity]
    private let lock = WakingLock()
    private nonisolated(unsafe) var isStopped = false

    /// Milliseconds: what is held longer is reported.
    package static let limit: UInt64 = 200
    private static let pace: UInt64 = 100
    /// Between two reports of one application.
    private static let minute: UInt64 = 60_000_000_000

    package init(_ loops: [LoopActivity]) { self.loops = loops }

    package func start() {
        // Nothing but the report is missing without it.
        _ = DetachedThread.start { self.look() }
    }

    package func stop() {
        self.lock.withLock {
            self.isStopped = true
            self.lock.wakeAll()
        }
    }

    /// Waits until it is time to look again; false: it was stopped.
    private func rest() -> Bool {
        self.lock.withLock {
            if !self.isStopped { self.lock.wait(milliseconds: Self.pace) }
            return !self.isStopped
        }
    }

    private func look() {
        // For each loop the call that was running, and since when it was seen.
        var seen = [(call: UInt64, since: UInt64)](repeating: (0, 0), count: self.loops.count)
        while self.rest() {
            let now = NIODeadline.now().uptimeNanoseconds
            for (number, loop) in self.loops.enumerated() {
                let call = loop.calls
                guard call & 1 == 1, call == seen[number].call else {
                    seen[number] = (call, now)
                    continue
                }
                guard now - seen[number].since >= Self.limit * 1_000_000 else { continue }
                loop.heldSince.store(seen[number].since, ordering: .sequentiallyConsistent)
                // It has ended meanwhile: the next one is not to be blamed for it.
                if loop.calls != call {
                    loop.heldSince.store(0, ordering: .relaxed)
                }
            }
        }
    }

    /// A call has ended that was noticed. On its loop.
    package static func report(_ loop: LoopActivity, number: Int) {
        let now = NIODeadline.now().uptimeNanoseconds
        let since = loop.heldSince.exchange(0, ordering: .relaxed)
        guard let generation = loop.generation, generation.mayReport(now: now, rest: self.minute) else { return }
        generation.log(
            .warning,
            "held loop \(number) for \((now &- since) / 1_000_000) ms: what blocks belongs on the pool (spawn, ASGI_BLOCKING)"
        )
    }
}
