import CASGI

/// Runs tasks on one event loop of the host. Lives as long as its application.
///
/// A task that is resumed by a completion, or by another task, of the same loop runs before the module returns to the
/// host: no hop, no wake-up. From any other thread its job is posted to the loop.
// SAFETY: `isEntered` and `jobs` are accessed on the loop only, the rest is constant.
final class LoopExecutor: TaskExecutor, @unchecked Sendable {
    /// Jobs that run before the module gives the loop back, though more are there: others wait for the loop too.
    private static let mostJobsATurn = 64

    private let number: UInt32
    private let table: UnsafePointer<asgi_loop>
    /// Posted jobs belong to the application, not to a request: a task may outlive one.
    private let lifespan: asgi_id
    /// The module's code is on this loop's stack. [loop]
    private var isEntered = false
    /// [loop]
    private var jobs: [UnownedJob] = []

    init(number: UInt32, table: UnsafePointer<asgi_loop>, lifespan: asgi_id) {
        self.number = number
        self.table = table
        self.lifespan = lifespan
    }

    /// Whether the calling thread is this loop. [any]
    var isCurrent: Bool { self.table.pointee.current() == Int32(self.number) }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        guard self.isCurrent, self.isEntered else { return self.post(job) }
        self.jobs.append(job)
    }

    /// Runs what came from the host, and then the jobs that it made ready. [loop]
    func entering(_ body: () -> Void) {
        guard !self.isEntered else { return body() }
        self.isEntered = true
        body()
        if !self.jobs.isEmpty { self.runJobs() }
        self.isEntered = false
    }

    private func runJobs() {
        var next = 0
        while next < self.jobs.count, next < Self.mostJobsATurn {
            self.jobs[next].runSynchronously(on: self.asUnownedTaskExecutor())
            next += 1
        }
        for job in self.jobs[next...] { self.post(job) }
        self.jobs.removeAll(keepingCapacity: true)
    }

    /// It runs also when the application is shut down meanwhile: a job that is dropped is a task that hangs.
    private func post(_ job: UnownedJob) {
        HostCompletion.pass(self) { then, context in
            let answer = self.table.pointee.post(self.lifespan, self.number, then, context)
            // The application has been shut down: the task runs elsewhere, so that no other task waits for it for ever.
            if answer != ASGI_PENDING { globalConcurrentExecutor.enqueue(job) }
            return answer
        } completed: { _, _ in
            job.runSynchronously(on: self.asUnownedTaskExecutor())
        }
    }
}
