import Logging
import NIOCore
import RoostSystem
import Synchronization

/// Finds modules that block an event loop. Thread-safe.
///
/// A thread checks the loops ten times a second. The calls themselves cost only a few atomic stores: the clock is read
/// by this thread, and at the end of a call that was found to block. An application is reported at most once a minute.
package final class LoopWatch: Sendable {
    private let loops: [LoopActivity]
    private let isStopped = Monitor(false)

    /// A call that blocks for longer than this is reported. In milliseconds.
    package static let limit: UInt64 = 200
    private static let pace = 100
    /// The minimum time between two reports of one application, in nanoseconds.
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

    /// Waits until the next check is due. Returns false if the watch was stopped.
    private func waitForCheck() -> Bool {
        self.isStopped.wait(milliseconds: Self.pace) { $0 ? true : nil } == nil
    }

    private func check() {
        // For each loop: the call that was running, and when it was first seen.
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
                // The call has ended meanwhile: the next call must not be reported in its place.
                if loop.calls != call {
                    loop.heldSince.store(0, ordering: .relaxed)
                }
            }
        }
    }

    /// Reports a call that has ended and was found to block. Runs on the call's loop.
    package static func report(_ loop: LoopActivity, number: Int) {
        let now = NIODeadline.now().uptimeNanoseconds
        let since = loop.heldSince.exchange(0, ordering: .relaxed)
        guard let generation = loop.generation, generation.mayReport(now: now, rest: self.minute) else { return }
        generation.log(.eventLoopBlocked, ["loop": "\(number)", "time": "\((now &- since) / 1_000_000)ms"])
    }
}
