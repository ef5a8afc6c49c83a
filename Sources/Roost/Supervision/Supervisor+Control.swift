import Glibc
import HTTPServer
import Logging

/// What commands ask: `roost status`, `roost reload`, `roost stop`.
extension Supervisor {
    /// Workers have so long to say how they are, in milliseconds.
    private static let statusTime = 100

    func hearCommands() {
        let now = Self.now()
        for (client, message) in self.control.hear(now: now) {
            switch message.name {
            case "status":
                for worker in self.workers where self.fleet.member(worker.id)?.state != .starting {
                    worker.tell(Worker.ping)
                }
                self.control.awaitStatus(client, at: now + Self.statusTime)
            case "reload" where self.fleet.isStopping:
                self.control.answer(client, Message("refused", ["reason": "it stops"]).line)
            case "reload": self.reload(for: client)
            case "stop":
                self.control.answer(client, Message("done").line)
                self.stop()
            default: self.control.answer(client, Message("refused", ["reason": "there is no such command"]).line)
            }
        }
    }

    func answerStatus(_ now: Int) {
        let clients = self.control.dueForStatus(now: now)
        guard !clients.isEmpty else { return }
        let line = self.status().json
        for client in clients { self.control.answer(client, line) }
    }

    private func status() -> StatusReport {
        var report = StatusReport()
        report.version = RoostVersion.current
        report.pid = Int(getpid())
        report.since = self.since
        report.state = self.fleet.isStopping ? "stopping" : self.fleet.isReloading ? "reloading" : "serving"
        report.addresses = self.addresses.map(\.url)
        report.crashes = self.crashes
        report.restarts = self.restarts
        report.lastCrash = self.lastCrash ?? ""
        if let application = self.applications[self.fleet.current.number] {
            report.applications = [self.describe(application)]
        }
        report.workers = self.workers.map(self.describe)
        return report
    }

    private func describe(_ application: PreparedApplication) -> StatusReport.Application {
        var described = StatusReport.Application()
        described.name = application.name
        described.version = application.version
        described.module = application.path
        described.generation = application.hash
        let isServed = self.fleet.members.contains {
            $0.state == .ready && !$0.isStandIn && $0.release == self.fleet.current.number
        }
        described.state = self.fleet.isQuarantined ? "quarantined" : isServed ? "serving" : "failing"
        return described
    }

    private func describe(_ worker: WorkerHandle) -> StatusReport.Worker {
        var described = StatusReport.Worker()
        let member = self.fleet.member(worker.id)
        described.pid = Int(worker.process)
        described.state = member.map { $0.isStandIn ? "stands in" : $0.state.rawValue } ?? "gone"
        described.since = worker.since
        described.generation = self.applications[worker.release]?.hash ?? ""
        described.requests = worker.page.requests
        described.errors = worker.page.failures
        described.connections = worker.page.connections
        described.unfinished = worker.page.scopes
        described.memory = worker.memory
        return described
    }
}
