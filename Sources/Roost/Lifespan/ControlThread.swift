import CWorker
import Glibc
import NIOConcurrencyHelpers

/// The thread that an application's lifespan lives on, where blocking is fine: it runs one job after another.
final class ControlThread: Sendable {
    typealias Job = @Sendable () -> Void

    private let jobs = ConditionLock(value: false)
    private nonisolated(unsafe) var waiting: [Job] = []
    private let thread = NIOLockedValueBox<pthread_t?>(nil)
    private let application: UInt32

    /// `application`: whose it is, by the generation's number.
    init(application: UInt32) { self.application = application }

    /// Runs the job after those before it. The first starts the thread, which stays for the life of the process. [any]
    func run(_ job: @escaping Job) {
        self.jobs.lock()
        self.waiting.append(job)
        self.jobs.unlock(withValue: true)
        self.thread.withLockedValue { thread in
            guard thread == nil else { return }
            var new = pthread_t()
            let this = Unmanaged.passRetained(self)
            let code = pthread_create(
                &new, nil,
                { this in
                    Unmanaged<ControlThread>.fromOpaque(this!).takeRetainedValue().work()
                }, this.toOpaque())
            precondition(code == 0, "no thread can be started: \(String(cString: strerror(code)))")
            thread = new
        }
    }

    /// Whether the caller is on it. [any]
    var isCurrent: Bool { self.thread.withLockedValue { $0.map { pthread_equal($0, pthread_self()) != 0 } ?? false } }

    private func work() -> UnsafeMutableRawPointer? {
        roost_prepare_thread()
        roost_call_enter(roost_thread_call(), 0, self.application, 0)
        while true {
            self.jobs.lock(whenValue: true)
            let jobs = self.waiting
            self.waiting = []
            self.jobs.unlock(withValue: false)
            for job in jobs { job() }
        }
    }
}
