import Glibc
import Logging
import Roost

/// This process as the supervisor of workers: its logs, its banner, its end.
struct Supervising {
    private let supervisor: Supervisor
    private let run: RunDirectory
    private let logs: Logs

    /// Binds. Before the process has a thread: signals are blocked from here on. Throws `HostError`.
    init(
        _ application: PreparedApplication, _ request: PreparedApplication.Request, _ options: ServeOptions,
        _ run: RunDirectory
    ) throws {
        // Before a thread runs.
        let signals = try SupervisorSignals()
        let logs = Logs(options, isErrorColoured: Terminal.error.isColoured)
        var plan = Supervisor.Plan(
            request: request, addresses: try options.addresses, run: run, signals: signals,
            logger: logs.logger, log: logs.log)
        let workers = options.worker
        plan.backlog = options.backlog
        plan.workers = try workers.count
        plan.requests = workers.limitMaxRequests
        plan.requestJitter = workers.limitMaxRequestsJitter
        plan.memory = workers.limitMaxRss
        plan.lifetime = workers.limitWorkerLifetime
        plan.stall = workers.timeoutWorker == 0 ? nil : workers.timeoutWorker
        plan.start = options.timeoutLifespan + options.probeTimeout + 5
        plan.grace = options.timeoutGracefulShutdown
        plan.stop = options.stopTime
        plan.crashes = workers.limitCrashes
        plan.crashWindow = workers.crashWindow
        plan.arguments = Self.arguments
        plan.isErrorColoured = Terminal.error.isColoured
        plan.serving = { application, addresses in
            Banner(application, addresses, options).show(logs.log, logs.logger)
        }
        self.run = run
        self.logs = logs
        self.supervisor = try Supervisor(application, plan)
    }

    func runUntilStopped() -> Never {
        let status = self.supervisor.run()
        self.run.remove()
        self.logs.leave(status)
    }

    /// Those of this process, which workers read too.
    private static var arguments: [String] {
        let words = CommandLine.arguments.dropFirst()
        return Array(words.first == "serve" ? words.dropFirst() : words)
    }
}
