import Glibc
import HTTPServer
import Logging
import Roost
import RoostDeployment
import RoostModules
import RoostSettings
import RoostSystem
import Supervision

/// This process as the supervisor of workers: its logs, banner and exit.
struct Supervising {
    private let supervisor: Supervisor
    private let run: RunDirectory
    private let logs: Logs

    /// Binds the addresses and blocks signals. Must be called before the process has a second thread. Throws
    /// `HostError`.
    init(
        _ scan: Deployment.Scan, _ deployment: Deployment, _ start: Start, _ run: RunDirectory,
        _ watch: WatchPlan?
    ) throws {
        // Before the first thread starts.
        let signals = try SupervisorSignals()
        let options = start.options
        let logs = Logs(options, isErrorColoured: options.process.isColoured(.error))
        UnknownVariables().log(logs.logger)
        try OtherCommandLine.logIgnored(logs.logger)
        for (name, group) in deployment.groupsOfTheirOwn(scan) {
            logs.logger.log(.groupOfItsOwn, ["application": "\(name)", "group": "\(group)"])
        }
        var plan = SupervisorPlan(
            deployment: deployment, addresses: try start.listenAddresses, run: run, signals: signals,
            logger: logs.logger, log: logs.log)
        plan.selfSigned = try start.selfSigned(run)
        plan.redeclare = start.again
        plan.watch = watch
        plan.keepsStandby = options.watch.isOn && options.watch.keepsStandby
        if let path = start.file?.path { plan.watch?.files.insert(path) }
        plan.watch?.seen = start.seen
        plan.backlog = options.host.server.backlog
        plan.isErrorColoured = options.process.isColoured(.error)
        let files = start.filesRead(scan)
        plan.reopenLogs = logs.reopen
        plan.whenServing = { applications, addresses in
            Banner(applications, addresses, options, files: files).show(logs.log, logs.logger)
        }
        self.run = run
        self.logs = logs
        self.supervisor = try Supervisor(scan, plan)
    }

    func runUntilStopped() -> Never {
        let status = self.supervisor.run()
        self.run.remove()
        self.logs.exit(status)
    }
}
