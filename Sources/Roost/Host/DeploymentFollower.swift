import CLinux
import Glibc
import NIOConcurrencyHelpers
package import RoostDeployment
package import RoostModules
import RoostSystem

/// Follows the drop-in folders of a host without a supervisor, and reloads it on request. Runs on a thread of its own.
///
/// A new file is mounted, a removed one is unmounted, and a changed one replaces its previous version. Changes that one
/// process cannot make are refused and logged, such as loading a library with static TLS twice.
package final class DeploymentFollower: Sendable {
    private let process: ProcessDeployment
    private let run: RunDirectory
    private let requests = NIOLockedValueBox<[ReloadRequest]>([])
    /// The ends of the pipe that wakes the thread.
    private let wake: (read: CInt, write: CInt)
    // SAFETY: used by the follower's thread only.
    private nonisolated(unsafe) let scanner: Scanner
    /// Called on the follower's thread when a requested reload has finished, with its error or nil.
    private let reloaded: @Sendable (String?) -> Void

    /// `scan`: the scan with which the host was created. `redeclare`: reads the declared applications again. Throws
    /// `HostError`.
    package init(
        _ process: ProcessDeployment, _ deployment: Deployment, _ scan: Deployment.Scan, run: RunDirectory,
        redeclare: @escaping @Sendable () throws -> Deployment, reloaded: @escaping @Sendable (String?) -> Void
    ) throws {
        self.process = process
        self.run = run
        self.scanner = Scanner(deployment, scan, run: run, redeclare: redeclare)
        self.reloaded = reloaded
        var ends: [CInt] = [-1, -1]
        guard roost_pipe_make(&ends, 1) == 0 else {
            throw HostError(
                code: .exhausted, message: "cannot create a pipe to watch files: \(String(cString: strerror(errno)))")
        }
        self.wake = (ends[0], ends[1])
    }

    /// Starts the thread, which runs until the process exits. Throws `HostError`.
    package func start() throws {
        guard DetachedThread.start({ self.follow() }) else {
            throw HostError(code: .exhausted, message: "cannot start a thread to watch files")
        }
    }

    /// Reloads changed modules, and retries refused ones. Thread-safe.
    package func reload() {
        self.requests.withLockedValue { $0.append(ReloadRequest(isAsked: true)) }
        var byte: UInt8 = 1
        _ = write(self.wake.write, &byte, 1)
    }

    private func follow() {
        while true {
            self.wait()
            let requests = self.requests.withLockedValue { requests in
                defer { requests = [] }
                return requests
            }
            let faults = self.scanner.followFolders(now: MonotonicClock.milliseconds)
            let outcome = self.scanner.removeOutcome().map(\.withoutGroups)
            let result = Blocking.wait {
                await self.process.apply { state, now in
                    for request in requests { state.reload(PendingReload(request)) }
                    if let faults { state.foldersChanged(faults: faults) }
                    return outcome.map { state.scanned($0, now: now) } ?? []
                }
            }
            if let copies = result.copies { self.run.removeLoadFolders(but: copies) }
            if let scan = result.scan { self.scanner.start(scan) }
            if result.hasReloaded { self.reloaded(result.fault) }
        }
    }

    private func wait() {
        var waits = [pollfd(fd: self.wake.read, events: Int16(POLLIN), revents: 0)] + self.scanner.waits
        let due = min(self.scanner.due ?? .max, self.process.due ?? .max)
        let time = due == .max ? -1 : CInt(clamping: max(due - MonotonicClock.milliseconds, 0))
        // The result does not matter: everything is checked again anyway.
        _ = poll(&waits, nfds_t(waits.count), time)
        var byte: UInt8 = 0
        while read(self.wake.read, &byte, 1) == 1 {}
    }
}
