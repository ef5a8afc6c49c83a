import CLinux
package import Glibc
import NIOConcurrencyHelpers
package import RoostModules
import RoostSystem

/// Watches the drop-in folders, and scans settings and files on a separate thread: a probe takes time, and workers must
/// not wait for it. All methods must be called from one thread.
package final class Scanner {
    /// Readable when there is an outcome.
    private let descriptor: CInt
    private let end: CInt
    private struct State {
        var isRunning = false
        var outcome: ScanOutcome?
    }
    private let state = NIOLockedValueBox(State())
    private let folders: DropInFolders
    private let run: RunDirectory
    /// Reads the declarations again, on the thread of the scan; nil if they do not change. Throws `HostError`.
    private let redeclare: (@Sendable () throws -> Deployment)?

    /// `scan`: the first scan. The folders are watched for changes since its listings.
    package init(
        _ deployment: Deployment, _ scan: Deployment.Scan, run: RunDirectory,
        redeclare: (@Sendable () throws -> Deployment)? = nil
    ) {
        var ends: [CInt] = [-1, -1]
        // Without descriptors nothing can be scanned or started; the attempt reports the error.
        _ = roost_pipe_make(&ends, 1)
        (self.descriptor, self.end) = (ends[0], ends[1])
        self.folders = DropInFolders(scan.listings, quiet: deployment.quiet)
        self.run = run
        self.redeclare = redeclare
    }

    deinit { for end in [self.descriptor, self.end] where end >= 0 { close(end) } }

    /// Starts a scan. Must not be called while another scan is running.
    package func start(_ order: ScanOrder) {
        let isWhole = !order.reloads.isEmpty
        let listings = isWhole ? self.folders.listingsNow : self.folders.listings
        let redeclare = isWhole ? self.redeclare : nil
        let run = self.run
        self.state.withLockedValue { $0.isRunning = true }
        let (state, end) = (self.state, self.end)
        let finish: @Sendable (ScanOutcome) -> Void = { outcome in
            state.withLockedValue { $0.outcome = outcome }
            var byte: UInt8 = 1
            _ = write(end, &byte, 1)
        }
        let isStarted = DetachedThread.start {
            var deployment = order.deployment
            let result = HostError.catching {
                if let redeclare { deployment = try redeclare() }
                return try deployment.scan(
                    listings, since: isWhole ? nil : order.before, before: order.before, run: run, known: order.known)
            }
            finish(ScanOutcome(order: order, result: result, deployment: deployment))
        }
        guard !isStarted else { return }
        let error = HostError(code: .exhausted, message: "cannot start a thread to scan files")
        finish(ScanOutcome(order: order, result: .failure(error), deployment: order.deployment))
    }

    package var isRunning: Bool { self.state.withLockedValue { $0.isRunning } }

    /// Removes and returns the outcome of a scan; nil if none has ended.
    package func removeOutcome() -> ScanOutcome? {
        var byte: UInt8 = 0
        while read(self.descriptor, &byte, 1) == 1 {}
        return self.state.withLockedValue { state in
            guard let outcome = state.outcome else { return nil }
            state = State()
            return outcome
        }
    }

    // MARK: Drop-in folders

    /// The descriptors to poll.
    package var waits: [pollfd] {
        [pollfd(fd: self.descriptor, events: Int16(POLLIN), revents: 0)] + self.folders.waits
    }

    /// When the folders must be listed again without a notification; nil if there are no folders.
    package var due: Int? { self.folders.due }

    /// Lists the folders again after a notification, or when due. Returns the faults of folders if something has
    /// changed, else nil.
    package func followFolders(now: Int) -> [String]? {
        self.folders.poll(now: now) ? self.folders.listings.compactMap(\.fault) : nil
    }
}
