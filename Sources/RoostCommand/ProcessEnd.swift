import CWorker
import Glibc
import RoostSystem

/// Ends the process with its exit handlers and destructors, which run on the main thread after everything has been shut down. [any]
final class ProcessEnd: Sendable {
    /// Set once the main thread has to end the process.
    private let status = Monitor<CInt?>(nil)

    /// Has the main thread end the process.
    func exit(_ status: CInt) -> Never {
        self.status.withLock { $0 = status }
        self.status.signal()
        while true { pause() }
    }

    /// Waits for `exit`; for the main thread.
    func wait() -> Never {
        let status = self.status.wait { $0 }
        // The process's own exit is no crash of an application.
        roost_end_reports()
        Glibc.exit(status)
    }
}
