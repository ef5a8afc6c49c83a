import Glibc
import HTTPServer
import Logging
import Middleware
import Roost
package import RoostDeployment
import RoostModules
import RoostSystem

/// The process that binds the sockets and starts workers; it never loads a module.
///
/// It has one thread, which waits for signals, workers, files, commands and deadlines. `DeploymentState` decides what
/// is deployed, `Fleet` decides which workers run, and `WorkerDeployment` carries out the decisions.
package final class Supervisor {
    private let plan: SupervisorPlan
    private var deployment: WorkerDeployment!
    private let control: ControlSocket
    /// Watches sources for `--reload`; `nil` without it.
    private let sources: SourceFollower?
    private let notice = ServiceNotice()
    private let terminal = ControllingTerminal()
    private let ignoredSignals: IgnoredSignals
    private let since = time(nil)
    private var shutdown = SupervisorShutdown()
    private var isFrontServing = false
    private var hasReportedServing = false
    /// The faults that the workers were told last, for their pages.
    private var announcedFaults: [UInt32: String] = [:]
    private var nextObservation = 0
    private var nextWatchdog = Int.max
    /// The interval at which workers are observed, in milliseconds.
    private let pace: Int

    /// Milliseconds that workers have to write their figures to their pages, for `roost status`.
    private static let statusTime = 100

    /// Binds the sockets. Throws `HostError`, also if a required application cannot be prepared.
    package init(_ scan: Deployment.Scan, _ plan: SupervisorPlan) throws {
        try Host.refuseDebug(threads: plan.deployment.workers.workers)
        self.plan = plan
        self.ignoredSignals = IgnoredSignals(plan.logger)
        self.pace = ([plan.deployment.workers] + plan.deployment.groups.values).map(Self.pace).min() ?? 60_000
        self.sources = plan.watch.map {
            SourceFollower($0, quiet: plan.deployment.quiet, plan.logger, plan.log)
        }
        self.control = try ControlSocket(path: "\(plan.run.boot)/\(ControlSocket.name)")
        do {
            self.deployment = try WorkerDeployment(scan, plan) { [unowned self] in self.handle($0) }
        } catch {
            self.control.close()
            throw error
        }
    }

    /// The interval of observation, in milliseconds: 1 second if workers have limits, and at most a tenth of
    /// the stall timeout.
    private static func pace(_ plan: WorkerPlan) -> Int {
        let isLimited = plan.requests != nil || plan.memory != nil || plan.lifetime != nil
        return min(isLimited ? 1000 : 60_000, plan.stall.map { min($0 * 100, 10_000) } ?? .max)
    }

    /// Supervises until all workers have ended. Returns the exit status.
    package func run() -> CInt {
        self.deployment.start()
        while true {
            if let status = self.shutdown.status {
                self.control.close()
                self.deployment.sockets.close()
                return status
            }
            self.wait()
            // Read before everything that looks for ended processes: a SIGCHLD that is removed after such a look would
            // be lost, and the process would not be found before the next deadline.
            let signals = self.plan.signals.readAll()
            self.deployment.receive(now: MonotonicClock.milliseconds)
            for number in signals { self.handleSignal(number) }
            self.reapOrphans()
            self.handleCommands()
            self.followSources()
            self.keepTime()
        }
    }

    private func wait() {
        let now = MonotonicClock.milliseconds
        let sources = self.deployment.isStopping ? nil : self.sources
        var waits = [pollfd(fd: self.plan.signals.descriptor, events: Int16(POLLIN), revents: 0)]
        waits += self.deployment.waits + self.control.waits(now: now) + (sources?.waits ?? [])
        let due = min(
            self.nextObservation, self.nextWatchdog, self.notice.due(now: now) ?? .max, self.deployment.due,
            self.control.due ?? .max, sources?.due ?? .max)
        // The result is ignored: all sources of events are checked in any case.
        _ = poll(&waits, nfds_t(waits.count), CInt(clamping: max(due - now, 0)))
    }

    // MARK: Workers

    private func handle(_ event: WorkerDeployment.Event) {
        switch event {
        case .serving: self.isFrontServing = true
        case .ready(let worker):
            guard !self.announcedFaults.isEmpty else { break }
            self.deployment.groups[nil]?.send(.faults(self.announcedFaults), to: worker)
        case .ended(let group, let status):
            self.shutdown.ended(isFront: group == nil, status, others: self.deployment.groups.relayed.count)
            guard group == nil else { break }
            for group in self.deployment.groups.relayed { group.stop(atOnce: self.shutdown.isAtOnce) }
        case .reloaded(let text, let fault):
            self.notice.notify(
                "READY=1", fault == nil ? "STATUS=serving" : "STATUS=serving, the last reload failed")
            self.control.answerReloads(fault.map { .refused(reason: $0, text: text) } ?? .done(text: text))
        case .accepted(let seen): self.sources?.accept(seen)
        }
    }

    /// Reports once that the server is serving, as soon as every group either serves or is known to have failed.
    private func reportServing() {
        guard self.isFrontServing, !self.hasReportedServing, self.deployment.areGroupsSettled else { return }
        self.hasReportedServing = true
        self.plan.whenServing(self.deployment.state.roster.applications, self.deployment.sockets.urls)
        self.notice.notify("READY=1", "MAINPID=\(getpid())", "STATUS=serving")
    }

    // MARK: Signals

    private func handleSignal(_ number: CInt) {
        switch SignalMeaning(number) {
        case .stop: self.stop()
        case .reload where self.terminal.isLost: self.stop()
        case .reload: self.reload(ReloadRequest(isAsked: true))
        case .reopenLogs: self.plan.reopenLogs()
        case .moreWorkers: self.deployment.groups[nil]?.resize(by: 1)
        case .fewerWorkers: self.deployment.groups[nil]?.resize(by: -1)
        case .ignored: self.ignoredSignals.log(number)
        // A worker or a probe has ended. The code that started it waits for it.
        case .child, .system: break
        }
    }

    /// Starts a graceful shutdown. A second call kills the workers.
    private func stop() {
        self.shutdown.request()
        if !self.shutdown.isAtOnce {
            self.plan.logger.log(.stopping)
            self.notice.notify("STOPPING=1", "STATUS=stopping")
        }
        self.sources?.end()
        self.deployment.stop(atOnce: self.shutdown.isAtOnce)
    }

    private func reload(_ request: ReloadRequest, for client: CInt? = nil) {
        guard !self.deployment.isStopping else { return }
        if let client { self.control.awaitReload(client) }
        if request.isAsked {
            self.sources?.requested()
            self.plan.logger.log(.reloading)
            self.notice.notifyReloading()
            do { try self.control.restore() } catch {
                self.plan.logger.log(.controlSocketFailed, ["reason": "\(error)"])
            }
        }
        self.deployment.reload(request)
    }

    /// Reaps orphaned processes, which the first process of a container inherits.
    private func reapOrphans() {
        guard getpid() == 1 else { return }
        while true {
            var ended = siginfo_t()
            guard waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 else { return }
            let process = ended._sifields._sigchld.si_pid
            let isWorker = self.deployment.groups.all.contains { $0.owns(process) }
            // Probes and builds are reaped by the code that started them.
            guard process != 0, !isWorker, !self.deployment.isScanning, self.sources?.isBuilding != true else {
                return
            }
            waitpid(process, nil, WNOHANG)
        }
    }

    // MARK: Commands

    private func handleCommands() {
        let now = MonotonicClock.milliseconds
        for (client, request) in self.control.receive(now: now) {
            switch request {
            case .status:
                for group in self.deployment.groups.all { group.ping() }
                self.control.awaitStatus(client, at: now + Self.statusTime)
            case .reload where self.deployment.isStopping:
                self.control.answer(client, .refused(reason: "the server is shutting down", text: ""))
            case .reload(let request): self.reload(request, for: client)
            case .stop:
                self.control.answer(client, .done(text: ""))
                self.stop()
            }
        }
        let clients = self.control.dueForStatus(now: now)
        guard !clients.isEmpty else { return }
        let report = StatusReport(self.deployment, since: self.since)
        for client in clients { self.control.answer(client, .status(report)) }
    }

    // MARK: Files and time

    private func followSources() {
        guard let sources else { return }
        guard !self.deployment.isStopping else { return sources.end() }
        let state = self.deployment.state
        let requests = sources.follow(state.watchedFiles, seen: state.scan.seen, now: MonotonicClock.milliseconds)
        for request in requests { self.reload(request) }
    }

    /// Tells the workers that accept connections what the pages of `--reload` show, if it has changed.
    private func announceFaults() {
        guard let sources else { return }
        if self.deployment.state.isSettled { sources.reloadEnded() }
        var faults: [UInt32: String] = [:]
        for application in self.deployment.state.roster.applications {
            faults[application.number] = application.fault.map { "\(application.name): \($0)" }
        }
        faults[DevelopmentFaults.build] = sources.buildFault ?? self.deployment.state.scanFault
        guard faults != self.announcedFaults else { return }
        self.announcedFaults = faults
        self.deployment.groups[nil]?.send(.faults(faults), areReady: false)
    }

    private func keepTime() {
        let now = MonotonicClock.milliseconds
        if let watchdog = self.notice.watchdog, now >= self.nextWatchdog || self.nextWatchdog == .max {
            self.nextWatchdog = now + watchdog
            self.notice.notify("WATCHDOG=1")
        }
        self.notice.deliver()
        self.deployment.observe(now: now, isDue: now >= self.nextObservation)
        if now >= self.nextObservation {
            self.nextObservation = now + self.pace
            self.deployment.sockets.logMissing()
        }
        self.deployment.followCertificates(now: now)
        self.deployment.advance(now: now)
        self.reportServing()
        self.announceFaults()
    }
}
