import CWorker
import Glibc
import NIOConcurrencyHelpers

/// The thread of an application's lifespan, where blocking is allowed. Runs one job after another. Thread-safe.
///
/// The thread is borrowed from `ThreadCache` and given back when no job is left: only an application that blocks in a
/// job keeps one.
final class ControlThread: Sendable {
    typealias Job = @Sendable () -> Void

    private struct State {
        var jobs: [Job] = []
        var isRunning = false
        /// The thread; nil while no job runs.
        var thread: pthread_t?
    }

    private let state = NIOLockedValueBox(State())
    private let application: UInt32

    /// `application`: the number of the application.
    init(application: UInt32) { self.application = application }

    /// Runs the job after all earlier ones.
    func run(_ job: @escaping Job) {
        let begins = self.state.withLockedValue { state in
            state.jobs.append(job)
            defer { state.isRunning = true }
            return !state.isRunning
        }
        if begins { ThreadCache.process.run { self.work() } }
    }

    /// Whether the caller is on this thread.
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
