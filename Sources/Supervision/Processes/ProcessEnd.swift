import CWorker
import Glibc
import RoostSystem

/// Exits with exit handlers and destructors, which run on the main thread after everything has been shut down.
/// Thread-safe.
final class ProcessEnd: Sendable {
    /// The exit status; set when the main thread must exit.
    private let status = Monitor<CInt?>(nil)

    /// Makes the main thread exit.
    func exit(_ status: CInt) -> Never {
        self.status.withLock { $0 = status }
        self.status.signal()
        while true { pause() }
    }

    /// Waits for `exit`. Must be called on the main thread.
    func wait() -> Never {
        let status = self.status.wait { $0 }
        // The regular exit must not be reported as a crash of an application.
        roost_end_reports()
        Glibc.exit(status)
    }
}
