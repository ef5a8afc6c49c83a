import CWorker
import Glibc
import NIOConcurrencyHelpers

/// The thread that an application's lifespan lives on, where blocking is fine: it runs one job after another. [any]
///
/// It is lent, and given back when there is nothing to do: only who blocks in a job keeps one.
final class ControlThread: Sendable {
    typealias Job = @Sendable () -> Void

    private struct State {
        var jobs: [Job] = []
        var isRunning = false
        /// While it runs.
        var thread: pthread_t?
    }

    private let state = NIOLockedValueBox(State())
    private let application: UInt32

    /// `application`: whose it is, by the generation's number.
    init(application: UInt32) { self.application = application }

    /// Runs the job after those before it.
    func run(_ job: @escaping Job) {
        let begins = self.state.withLockedValue { state in
            state.jobs.append(job)
            defer { state.isRunning = true }
            return !state.isRunning
        }
        if begins { LentThreads.process.run { self.work() } }
    }

    /// Whether the caller is on it.
    var isCurrent: Bool {
        self.state.withLockedValue { $0.thread.map { pthread_equal($0, pthread_self()) != 0 } ?? false }
    }

    private func work() {
        let call = roost_thread_call()
        roost_call_enter(call, 0, self.application, 0)
        while let jobs = self.next() { for job in jobs { job() } }
        roost_call_leave(call)
    }

    private func next() -> [Job]? {
        self.state.withLockedValue { state in
            guard !state.jobs.isEmpty else {
                state.isRunning = false
                state.thread = nil
                return nil
            }
            state.thread = pthread_self()
            defer { state.jobs = [] }
            return state.jobs
        }
    }
}
