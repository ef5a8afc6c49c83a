import CASGI

/// Runs tasks on one event loop of the host. Lives as long as its application.
///
/// A task that is resumed by a completion or by a task of the same loop runs before the module returns to the host:
/// without a thread hop or a wake-up. Jobs from other threads are posted to the loop.
// SAFETY: `isEntered` and `jobs` are accessed on the loop only, the rest is constant.
final class LoopExecutor: TaskExecutor, @unchecked Sendable {
    /// Maximum number of jobs to run before the module returns to the loop. The rest is posted: other connections need
    /// the loop too.
    private static let maxJobsPerTurn = 64

    private let number: UInt32
    private let table: UnsafePointer<asgi_loop>
    /// The id for posted jobs. They belong to the application, not to a request: a task may outlive its request.
    private let lifespan: asgi_id
    /// Whether code of the module is on this loop's stack. Accessed on the loop only.
    private var isEntered = false
    /// Jobs that are ready to run. Accessed on the loop only.
    private var jobs: [UnownedJob] = []

    init(number: UInt32, table: UnsafePointer<asgi_loop>, lifespan: asgi_id) {
        self.number = number
        self.table = table
        self.lifespan = lifespan
    }

    /// Whether the calling thread is this loop. Thread-safe.
    var isCurrent: Bool { self.table.pointee.current() == Int32(self.number) }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        guard self.isCurrent, self.isEntered else { return self.post(job) }
        self.jobs.append(job)
    }

    /// Runs a call from the host, then the jobs that it made ready. Called on the loop.
    func entering(_ body: () -> Void) {
        guard !self.isEntered else { return body() }
        self.isEntered = true
        body()
        if !self.jobs.isEmpty { self.runJobs() }
        self.isEntered = false
    }

    private func runJobs() {
        var next = 0
        while next < self.jobs.count, next < Self.maxJobsPerTurn {
            self.jobs[next].runSynchronously(on: self.asUnownedTaskExecutor())
            next += 1
        }
        for job in self.jobs[next...] { self.post(job) }
        self.jobs.removeAll(keepingCapacity: true)
    }

    /// Posts a job to the loop. The job runs even if the application shuts down meanwhile: a dropped job is a task that
    /// never ends.
    private func post(_ job: UnownedJob) {
        HostCompletion.pass(self) { then, context in
            let answer = self.table.pointee.post(self.lifespan, self.number, then, context)
            // The application has shut down: the task runs on Swift's own threads, since other tasks may wait for it.
            if answer != ASGI_PENDING { globalConcurrentExecutor.enqueue(job) }
            return answer
        } completed: { _, _ in
            job.runSynchronously(on: self.asUnownedTaskExecutor())
        }
    }
}
