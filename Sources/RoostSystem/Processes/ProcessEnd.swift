import CWorker
import Glibc
import NIOConcurrencyHelpers

/// The end of a process with its exit handlers and destructors, which run on the main thread when everything has been shut down. [any]
package final class ProcessEnd: Sendable {
    /// True: the main thread is to end the process.
    private let lock = ConditionLock(value: false)
    private nonisolated(unsafe) var status: CInt = 0

    package init() {}

    /// Has the main thread end the process.
    package func exit(_ status: CInt) -> Never {
        self.lock.lock()
        self.status = status
        self.lock.unlock(withValue: true)
        while true { pause() }
    }

    /// Waits for `exit`; for the main thread.
    package func wait() -> Never {
        self.lock.lock(whenValue: true)
        // The process's own exit is no crash of an application.
        roost_end_reports()
        Glibc.exit(self.status)
    }
}
