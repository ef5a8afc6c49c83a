import Glibc
import HTTPTLS
import ModuleRuntime
import Roost
import RoostDeployment

extension StatusReport {
    /// The status of a supervisor. `since`: when it was started, in seconds since 1970.
    init(_ deployment: WorkerDeployment, since: Int) {
        self.init()
        let groups = deployment.groups.all
        self.version = RoostVersion.current
        self.pid = Int(getpid())
        self.since = since
        let isReloading = deployment.state.isReloading || groups.contains { $0.fleet.isReloading }
        self.state = deployment.isStopping ? "stopping" : isReloading ? "reloading" : "serving"
        self.addresses = deployment.sockets.descriptions
        self.certificates = (deployment.certificates?.summaries ?? []).map { summary in
            var certificate = Certificate()
            certificate.file = summary.file
            certificate.names = summary.names
            certificate.ends = summary.ends
            return certificate
        }
        self.crashes = deployment.crashes
        self.restarts = deployment.restarts
        self.lastCrash = deployment.lastCrash
        self.applications = deployment.state.roster.applications.map { application in
            Application(application, isServed: deployment.groups[application.group]?.isServing ?? false)
        }
        self.workers = groups.reversed().flatMap { group in
            group.workers.map {
                Worker($0, of: group, deployment.state.rollout.roster(of: group.name, release: $0.release))
            }
        }
    }
}

extension StatusReport.Application {
    /// `isServed`: whether a worker of the current release is ready.
    fileprivate init(_ application: DeployedApplication, isServed: Bool) {
        self.name = application.name
        self.version = application.version
        self.module = application.module
        self.mount = application.mountPoint
        self.generation = application.prepared?.hash ?? ""
        self.fault = application.fault ?? ""
        self.group = application.group ?? ""
        self.state =
            application.isQuarantined ? "quarantined" : application.serves && isServed ? "serving" : "failing"
    }
}

extension StatusReport.Worker {
    /// `roster`: the applications of the worker's release.
    fileprivate init(_ worker: WorkerHandle, of group: WorkerGroup, _ roster: Roster?) {
        let member = group.fleet.member(worker.id)
        self.group = group.name ?? ""
        self.pid = Int(worker.process)
        self.state = member.map { $0.isStandIn ? "stands in" : $0.state.rawValue } ?? "gone"
        self.since = worker.since
        let generations = roster?.applications.compactMap(\.prepared) ?? []
        self.generation = generations.count == 1 ? generations[0].hash : "release \(worker.release)"
        self.requests = worker.page.requests
        self.errors = worker.page.failures
        self.connections = worker.page.connections
        self.unfinished = worker.page.scopes
        self.memory = worker.memory
    }
}
