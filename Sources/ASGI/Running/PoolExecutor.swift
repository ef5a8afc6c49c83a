import CASGI

/// Runs tasks on the host's pool of threads, where blocking is fine. Of an application, while it runs. [any]
final class PoolExecutor: TaskExecutor {
    private let id: asgi_id
    private let host: HostReference

    /// The lifespan's id: the work belongs to the application.
    init(_ lifespan: LifespanScope) {
        self.id = lifespan.id
        self.host = lifespan.host
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        HostCompletion.pass(nil) { then, context in
            let answer = self.host.pointer.pointee.spawn(self.id, then, context)
            // Its queue is full, or the application has been shut down: a job that is dropped is a task that hangs.
            if answer != ASGI_PENDING { globalConcurrentExecutor.enqueue(job) }
            return answer
        } completed: { _, _ in
            job.runSynchronously(on: self.asUnownedTaskExecutor())
        }
    }
}
