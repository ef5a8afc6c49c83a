import CWorker
import RoostSystem

/// A pool of threads for jobs that may block for any length of time. Thread-safe.
///
/// A thread is never ended: when its job is done it waits for the next one. The pool therefore has as many threads as
/// were ever needed at once.
final class ThreadCache: Sendable {
    static let process = ThreadCache()

    private struct State {
        var jobs: [@Sendable () -> Void] = []
        var free = 0
    }

    private let state = Monitor(State())

    private init() {}

    /// Runs the job on a free thread or on a new one. If the system cannot start a thread, the next free one runs it.
    func run(_ job: @escaping @Sendable () -> Void) {
        self.state.withLock { state in
            state.jobs.append(job)
            if state.jobs.count > state.free, DetachedThread.start({ self.work() }) { state.free += 1 }
        }
        self.state.signal()
    }

    private func work() {
        roost_prepare_thread()
        while true {
            let job = self.state.wait { state -> (@Sendable () -> Void)? in
                guard !state.jobs.isEmpty else { return nil }
                state.free -= 1
                return state.jobs.removeFirst()
            }
            job()
            self.state.withLock { $0.free += 1 }
        }
    }
}
