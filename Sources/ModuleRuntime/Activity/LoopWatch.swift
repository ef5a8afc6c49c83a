import Logging
import NIOCore
import RoostSystem
import Synchronization

/// Finds modules that block an event loop. [any]
///
/// A thread checks the loops ten times a second. A call pays two stores for it; the clock is read here, and at the end of a call that was
/// found to block. An application is reported once a minute at most.
package final class LoopWatch: Sendable {
    private let loops: [LoopActivity]
    private let isStopped = Monitor(false)

    /// Milliseconds: a call that blocks for longer is reported.
    package static let limit: UInt64 = 200
    private static let pace = 100
    /// Between two reports of one application.
    private static let minute: UInt64 = 60_000_000_000

    package init(_ loops: [LoopActivity]) { self.loops = loops }

    package func start() {
        // Without a thread there are no reports; everything else works.
        _ = DetachedThread.start { self.check() }
    }

    package func stop() {
        self.isStopped.withLock { $0 = true }
        self.isStopped.broadcast()
    }

    /// Waits until the next check is due; false: the watch was stopped.
    private func waitForCheck() -> Bool {
        self.isStopped.wait(milliseconds: Self.pace) { $0 ? true : nil } == nil
    }

    private func check() {
        // For each loop the call that was running, and since when it was seen.
        var seen = [(call: UInt64, since: UInt64)](repeating: (0, 0), count: self.loops.count)
        while self.waitForCheck() {
            let now = NIODeadline.now().uptimeNanoseconds
            for (number, loop) in self.loops.enumerated() {
                let call = loop.calls
                guard call & 1 == 1, call == seen[number].call else {
                    seen[number] = (call, now)
                    continue
                }
                guard now - seen[number].since >= Self.limit * 1_000_000 else { continue }
                loop.heldSince.store(seen[number].since, ordering: .sequentiallyConsistent)
                // The call has ended meanwhile: the next one is not reported for it.
                if loop.calls != call {
                    loop.heldSince.store(0, ordering: .relaxed)
                }
            }
        }
    }

    /// Reports a call that has ended and was found to block. On its loop.
    package static func report(_ loop: LoopActivity, number: Int) {
        let now = NIODeadline.now().uptimeNanoseconds
        let since = loop.heldSince.exchange(0, ordering: .relaxed)
        guard let generation = loop.generation, generation.mayReport(now: now, rest: self.minute) else { return }
        generation.log(.eventLoopBlocked, ["loop": "\(number)", "time": "\((now &- since) / 1_000_000)ms"])
    }
}
