import Glibc
import Logging
import ModuleRuntime
import RoostDeployment
import RoostSettings

/// What commands ask: `roost status`, `roost reload`, `roost stop`.
extension Supervisor {
    /// Workers have so long to say how they are, in milliseconds.
    private static let statusTime = 100

    func hearCommands() {
        let now = Self.now()
        for (client, message) in self.control.hear(now: now) {
            switch message.name {
            case "status":
                for group in self.all {
                    for worker in group.workers where group.fleet.member(worker.id)?.state != .starting {
                        worker.tell(Worker.ping)
                    }
                }
                self.control.awaitStatus(client, at: now + Self.statusTime)
            case "reload" where self.front.fleet.isStopping:
                self.control.answer(client, Message("refused", ["reason": "it stops"]).line)
            case "reload": self.reload(ReloadRequest(message), for: client)
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
        let isReloading = self.report.isAsked || self.all.contains { $0.fleet.isReloading }
        report.state = self.front.fleet.isStopping ? "stopping" : isReloading ? "reloading" : "serving"
        report.addresses = self.describedAddresses
        report.crashes = self.crashes
        report.restarts = self.restarts
        report.lastCrash = self.lastCrash ?? ""
        report.applications = self.roster.members.map(self.describe)
        report.workers = self.all.reversed().flatMap { group in group.workers.map { self.describe($0, of: group) } }
        return report
    }

    private func describe(_ member: Roster.Member) -> StatusReport.Application {
        var described = StatusReport.Application()
        described.name = member.name
        described.version = member.application?.version ?? ""
        described.module = member.application?.path ?? member.place
        described.mount = member.mount?.description ?? ""
        described.generation = member.application?.hash ?? ""
        described.fault = member.fault ?? ""
        described.group = member.group ?? ""
        let fleet = member.group.map { self.groups[$0]?.fleet } ?? self.front.fleet
        let isServed =
            fleet?.members.contains {
                $0.state == .ready && !$0.isStandIn && $0.release == fleet?.current
            } ?? false
        described.state = member.isQuarantined ? "quarantined" : member.serves && isServed ? "serving" : "failing"
        return described
    }

    private func describe(_ worker: WorkerHandle, of group: WorkerGroup) -> StatusReport.Worker {
        var described = StatusReport.Worker()
        let member = group.fleet.member(worker.id)
        described.group = group.name ?? ""
        described.pid = Int(worker.process)
        described.state = member.map { $0.isStandIn ? "stands in" : $0.state.rawValue } ?? "gone"
        described.since = worker.since
        described.generation = group.generation(of: worker)
        described.requests = worker.page.requests
        described.errors = worker.page.failures
        described.connections = worker.page.connections
        described.unfinished = worker.page.scopes
        described.memory = worker.memory
        return described
    }
}
