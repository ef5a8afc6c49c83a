import CWorker
import Glibc
import NIOConcurrencyHelpers

/// Ends the process with its exit handlers and destructors, which run on the main thread after everything has been shut down. [any]
final class ProcessEnd: Sendable {
    /// True: the main thread has to end the process.
    private let lock = ConditionLock(value: false)
    // SAFETY: under the lock.
    private nonisolated(unsafe) var status: CInt = 0

    /// Has the main thread end the process.
    func exit(_ status: CInt) -> Never {
        self.lock.lock()
        self.status = status
        self.lock.unlock(withValue: true)
        while true { pause() }
    }

    /// Waits for `exit`; for the main thread.
    func wait() -> Never {
        self.lock.lock(whenValue: true)
        // The process's own exit is no crash of an application.
        roost_end_reports()
        Glibc.exit(self.status)
    }
}
