import CASGI

/// Runs tasks on the host's pool of threads, where blocking is allowed. Used while its application runs. Thread-safe.
final class PoolExecutor: TaskExecutor {
    private let id: asgi_id
    private let host: HostReference

    /// Uses the lifespan's id, since the work belongs to the application.
    init(_ lifespan: LifespanScope) {
        self.id = lifespan.id
        self.host = lifespan.host
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        HostCompletion.pass(nil) { then, context in
            let answer = self.host.pointer.pointee.spawn(self.id, then, context)
            // The pool's queue is full, or the application has shut down. A dropped job is a task that never ends.
            if answer != ASGI_PENDING { globalConcurrentExecutor.enqueue(job) }
            return answer
        } completed: { _, _ in
            job.runSynchronously(on: self.asUnownedTaskExecutor())
        }
    }
}
