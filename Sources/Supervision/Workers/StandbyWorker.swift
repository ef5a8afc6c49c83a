import Glibc
import HTTPServer

/// The next worker of a group, started before it is needed (`--reload-standby`). For the supervisor's one thread.
///
/// Its interpreter imports the installed packages that the previous worker has imported (standby.py), and waits for an
/// order: a new version then needs the time to import the project only.
final class StandbyWorker {
    private struct Waiting {
        let child: WorkerChild
        let setup: WorkerChild.Setup
        let relayListener: RelayListener?
    }

    private var waiting: Waiting?
    /// Processes that are being killed.
    private var ending: [WorkerChild] = []

    /// Waits for processes that were killed, but not reaped: as a rule nobody else does.
    deinit { for child in self.ending { child.waitForEnd() } }

    var isWaiting: Bool { self.waiting != nil }
    /// The relay socket of the waiting process; nil for front workers.
    var relayListener: RelayListener? { self.waiting?.relayListener }

    /// Starts a process. `relayListener`: the relay socket among the listeners of the setup. Throws `HostError`.
    func start(_ setup: WorkerChild.Setup, _ relayListener: RelayListener?) throws {
        self.waiting = Waiting(child: try WorkerChild(setup), setup: setup, relayListener: relayListener)
    }

    /// Removes and returns the waiting process, if it was started with this setup; otherwise kills it. The relay socket
    /// goes over to the caller.
    func removeChild(startedWith setup: WorkerChild.Setup) -> WorkerChild? {
        guard let waiting = self.waiting else { return nil }
        self.waiting = nil
        if waiting.setup == setup { return waiting.child }
        self.end(waiting.child)
        return nil
    }

    /// Kills the waiting process.
    func kill() {
        guard let waiting = self.waiting else { return }
        self.waiting = nil
        waiting.relayListener?.listener.file?.remove()
        self.end(waiting.child)
    }

    private func end(_ child: WorkerChild) {
        child.kill()
        self.ending.append(child)
    }

    /// Reaps processes that have ended. Returns the waiting process and its status as `waitpid` returns it, if that has
    /// ended by itself.
    func reap() -> (process: pid_t, status: CInt)? {
        self.ending.removeAll { $0.reap() != nil }
        guard let waiting = self.waiting, let status = waiting.child.reap() else { return nil }
        waiting.relayListener?.listener.file?.remove()
        self.waiting = nil
        return (waiting.child.process, status)
    }

    func owns(_ process: pid_t) -> Bool {
        self.waiting?.child.process == process || self.ending.contains { $0.process == process }
    }
}
