import Glibc
import Logging
import RoostSystem

/// The next worker of a group, started before it is needed (`--reload-standby`). For the supervisor's one thread.
///
/// Its interpreter imports the installed packages that the previous worker has imported (standby.py), and waits for an
/// order: a new version then needs the time to import the project only.
final class StandbyWorker {
    private struct Waiting {
        let child: WorkerChild
        let relayListener: RelayListener?
    }

    private var waiting: Waiting?
    /// Processes that are being killed.
    private var ending: [WorkerChild] = []
    private let logger: Logger

    init(_ logger: Logger) { self.logger = logger }

    /// Waits for processes that were killed, but not reaped: as a rule nobody else does.
    deinit { for child in self.ending { child.waitForEnd() } }

    var isWaiting: Bool { self.waiting != nil }
    /// The relay socket of the waiting process; nil for front workers.
    var relayListener: RelayListener? { self.waiting?.relayListener }

    /// Starts a process. `relayListener`: the relay socket among the listeners of the setup. Throws `HostError`.
    func start(_ setup: WorkerChild.Setup, _ relayListener: RelayListener?) throws {
        self.waiting = Waiting(child: try WorkerChild(setup), relayListener: relayListener)
    }

    /// Removes and returns the waiting process, if it was started with this setup; otherwise kills it.
    func removeChild(startedWith setup: WorkerChild.Setup) -> WorkerChild? {
        guard let child = self.waiting?.child, child.setup == setup else {
            self.kill()
            return nil
        }
        self.waiting = nil
        return child
    }

    /// Kills the waiting process.
    func kill() {
        guard let child = self.waiting?.child else { return }
        self.waiting = nil
        child.kill()
        self.ending.append(child)
    }

    /// Kills the waiting process if the front workers could not reach it.
    func killIfUnreachable() {
        if self.relayListener?.isThere == false { self.kill() }
    }

    /// Reaps processes that have ended, and logs the end of the waiting one.
    func reap() {
        self.ending.removeAll { $0.reap() != nil }
        guard let child = self.waiting?.child, let status = child.reap() else { return }
        self.waiting = nil
        let signal = status & 0x7f
        self.logger.log(
            .standbyEnded,
            ["pid": "\(child.process)"].merging(
                signal == 0 ? ["status": "\((status >> 8) & 0xff)"] : ["signal": "\(SignalName(signal))"]
            ) { $1 })
    }

    func owns(_ process: pid_t) -> Bool {
        self.waiting?.child.process == process || self.ending.contains { $0.process == process }
    }
}
