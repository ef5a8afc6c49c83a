import CWorker
import RoostSystem

/// Threads that are lent to whoever has something to do, may block for as long as it likes, and gives them back. [any]
///
/// As many as were ever needed at once: a thread that is free waits for the next job, for the life of the process.
final class LentThreads: Sendable {
    static let process = LentThreads()

    private struct State {
        var jobs: [@Sendable () -> Void] = []
        var free = 0
    }

    private let lock = WakingLock()
    private nonisolated(unsafe) var state = State()

    private init() {}

    /// Runs the job on a thread that is free, or on a new one; when the system has none to give, on the next that becomes free.
    func run(_ job: @escaping @Sendable () -> Void) {
        self.lock.withLock {
            self.state.jobs.append(job)
            if self.state.jobs.count > self.state.free, DetachedThread.start({ self.work() }) { self.state.free += 1 }
            self.lock.wakeOne()
        }
    }

    private func work() {
        roost_prepare_thread()
        while true {
            let job = self.lock.withLock {
                while self.state.jobs.isEmpty { self.lock.wait() }
                self.state.free -= 1
                return self.state.jobs.removeFirst()
            }
            job()
            self.lock.withLock { self.state.free += 1 }
        }
    }
}
