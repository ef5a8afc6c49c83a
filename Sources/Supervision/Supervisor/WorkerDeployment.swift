import Glibc
import HTTPServer
import HTTPTLS
import Logging
import ModuleRuntime
import Roost
import RoostDeployment
import RoostModules
import RoostSystem

/// Carries out the decisions of a `DeploymentState` with worker processes, and reports their outcome to it. For the
/// supervisor's one thread.
final class WorkerDeployment {
    /// An event that concerns the supervisor.
    enum Event {
        /// The workers that accept client connections are serving.
        case serving
        /// A worker that accepts client connections is ready.
        case ready(worker: Int)
        /// All workers of a group have ended, with this status. The group is `nil` for workers that accept client
        /// connections.
        case ended(group: String?, CInt)
        /// A reload has ended: all waiting clients get this response.
        case reloaded(String, fault: String?)
        /// The files were acted on in these states.
        case accepted(FileMarks)
    }

    private(set) var state: DeploymentState
    let groups: WorkerGroups
    let sockets: ListeningSockets
    /// The certificates of the sockets; nil without TLS.
    let certificates: CertificateFollower?
    private let scanner: Scanner
    private let plan: SupervisorPlan
    private let handle: (Event) -> Void
    /// Crashes of all workers, including groups that have ended.
    private(set) var crashes = 0
    private(set) var restarts = 0
    private(set) var lastCrash = ""

    /// Binds the sockets. Throws `HostError`, also if a required application cannot be prepared.
    init(_ scan: Deployment.Scan, _ plan: SupervisorPlan, _ handle: @escaping (Event) -> Void) throws {
        self.state = try DeploymentState(plan.deployment, scan)
        self.plan = plan
        self.handle = handle
        self.groups = WorkerGroups(run: plan.run)
        self.certificates = try (plan.deployment.tls ?? plan.selfSigned).map { files in
            try CertificateFollower(
                files, trust: plan.deployment.preparation.trust,
                clients: Set(plan.addresses.compactMap(\.security.clientCertificates)), plan.logger)
        }
        self.sockets = try ListeningSockets(plan.addresses, backlog: plan.backlog, plan.logger)
        self.scanner = Scanner(plan.deployment, scan, run: plan.run, redeclare: plan.redeclare)
        for name in [nil] + self.state.rollout.groupNames { self.addGroup(name) }
    }

    @discardableResult
    private func addGroup(_ name: String?) -> WorkerGroup {
        let imports = self.plan.keepsStandby ? "\(self.plan.run.boot)/imports\(name.map { "-\($0)" } ?? "")" : nil
        let group = WorkerGroup(
            name: name, self.state.rollout.plan(of: name), imports: imports, self, self.plan.logger, self.plan.log)
        self.groups.add(group)
        return group
    }

    func start() {
        for group in self.groups.all { group.start() }
    }

    // MARK: Called by the supervisor's loop

    /// The descriptors to wait for.
    var waits: [pollfd] {
        var waits = self.scanner.waits
        for worker in self.groups.all.flatMap(\.workers) {
            let events = POLLIN | (worker.hasOutput ? POLLOUT : 0)
            if !worker.hasClosedChannel { waits.append(pollfd(fd: worker.channel, events: Int16(events), revents: 0)) }
            if worker.errors >= 0 { waits.append(pollfd(fd: worker.errors, events: Int16(POLLIN), revents: 0)) }
        }
        return waits
    }

    var due: Int {
        ([self.state.due, self.scanner.due, self.certificates?.due] + self.groups.all.map(\.due)).compactMap { $0 }
            .min() ?? .max
    }

    /// Handles reports of the workers and the scanner, and checks the watched folders.
    func receive(now: Int) {
        // Called before commands and signals are handled: a worker that has reported `.ready` counts as serving, and is
        // drained like the others.
        for group in self.groups.all { group.receive() }
        if let outcome = self.scanner.removeOutcome() {
            self.perform(self.state.scanned(outcome, now: now))
            self.adoptCertificates()
        }
        if let faults = self.scanner.followFolders(now: now) { self.state.foldersChanged(faults: faults) }
    }

    /// Carries out the decisions that are due.
    func advance(now: Int) {
        // The front workers may have stopped by themselves, after a failed first start.
        if self.isStopping { self.state.stop() }
        while true {
            let actions = self.state.advance(now: now, self)
            guard !actions.isEmpty else { break }
            self.perform(actions)
        }
    }

    /// Observes workers. `isDue`: all of them; otherwise only those of groups whose deadline has passed.
    func observe(now: Int, isDue: Bool) {
        for group in self.groups.all where isDue || now >= group.due ?? .max { group.observe(now) }
    }

    /// Reloads. A request of an operator also creates missing socket files again.
    func reload(_ request: ReloadRequest) {
        guard request.isAsked else { return self.state.reload(PendingReload(request)) }
        var (isRebound, faults) = self.sockets.rebindMissing()
        do { try self.reloadCertificates() } catch { faults.append("\(error)") }
        let groups = Set(self.groups.unreachable.map { $0 as String? } + (isRebound ? [nil] : []))
        for group in groups { self.groups[group]?.killStandby() }
        self.state.reload(PendingReload(request, replacing: groups, faults: faults))
    }

    /// Looks at the files of certificates if it is time, and passes changed ones to the workers.
    func followCertificates(now: Int) {
        if let settings = self.certificates?.poll(now: now) { self.send(settings) }
    }

    private func reloadCertificates() throws {
        if let settings = try self.certificates?.reload() { self.send(settings) }
    }

    /// Uses the files that the settings name after a reload. A fault is logged.
    private func adoptCertificates() {
        guard let certificates, let files = self.state.rollout.deployment.tls, files != certificates.files else {
            return
        }
        if let settings = try? certificates.reload(files) { self.send(settings) }
    }

    private func send(_ settings: TLSSettings) { self.groups[nil]?.send(.certificates(settings), areReady: false) }

    /// Stops all workers, front workers first. `atOnce`: kills them.
    func stop(atOnce: Bool) {
        self.state.stop()
        self.groups[nil]?.stop(atOnce: atOnce)
        // The front workers relay to the others until they have ended.
        for group in self.groups.relayed {
            if atOnce { group.stop(atOnce: true) } else { group.send(.announceStop, areReady: false) }
        }
    }

    /// Whether a scan is running, which may have started a probe.
    var isScanning: Bool { self.scanner.isRunning }
    var isStopping: Bool { self.groups[nil]?.fleet.isStopping ?? false }
    /// Whether every group other than the front workers is serving, or is known to have failed.
    var areGroupsSettled: Bool { self.groups.relayed.allSatisfy { $0.status.isSettled } }

    // MARK: Actions

    private func perform(_ actions: [DeploymentAction]) {
        for action in actions { self.perform(action) }
    }

    private func perform(_ action: DeploymentAction) {
        switch action {
        case .scan(let order): self.scanner.start(order)
        case .accept(let seen): self.handle(.accepted(seen))
        case .startGroup(let name): self.addGroup(name).start()
        case .stopGroup(let name): self.groups[name]?.stop(atOnce: false)
        case .prepare(let group, let workers, let change, let applications):
            self.groups[group]?.prepare(change, applications, in: workers)
        case .commit(let group, let workers, let change, let mounting, let removing, let instead):
            self.groups[group]?.commit(
                change, mounting: mounting, removing: removing, instead: instead, in: workers)
        case .setRelease(let group, let release): self.groups[group]?.setRelease(release)
        case .changeEnded(let group): self.groups[group]?.changeEnded()
        case .replaceWorkers(let group, let release, let cause, let pardoned):
            self.groups[group]?.replaceWorkers(by: release, cause, pardoned: pardoned)
        case .adopt(let group, let plan): self.groups[group]?.adopt(plan)
        case .kill(let group, let workers, let reason): self.groups[group]?.kill(workers, reason)
        case .removeCopies(let used):
            // Copies that a process has mapped stay on disk, for a debugger or for its core dump.
            let mapped = self.groups.all.flatMap(\.workers).flatMap { $0.images.applications.keys }
            self.plan.run.removeLoadFolders(but: used + mapped)
        case .log(let event, let fields): self.plan.logger.log(event, fields)
        case .answerReload(let text, let fault): self.handle(.reloaded(text, fault: fault))
        }
    }
}

extension WorkerDeployment: DeploymentWorkers {
    var canReplace: Bool { true }

    func status(of group: String?) -> WorkersStatus { self.groups[group]?.status ?? WorkersStatus() }

    func obstacle(to application: PreparedApplication, in group: String?) -> String? {
        self.groups[group]?.obstacle(to: application)
    }
}

extension WorkerDeployment: WorkerGroupDelegate {
    func workerGroup(_ group: WorkerGroup, reports report: WorkerGroupReport) {
        let now = MonotonicClock.milliseconds
        switch report {
        case .ready(let worker, let release, let faults):
            self.perform(self.state.rollout.ready(release: release, of: group.name, faults: faults, now: now))
            if group.name == nil {
                self.groups.announceRelayPaths(to: worker)
                self.handle(.ready(worker: worker))
            }
        case .prepared(let worker, let change, let faults):
            self.perform(self.state.rollout.prepared(worker, of: group.name, change: change, faults: faults, now: now))
        case .committed(let worker, let change):
            self.perform(self.state.rollout.committed(worker, of: group.name, change: change, now: now))
        case .serving: if group.name == nil { self.handle(.serving) }
        case .replaced: self.perform(self.state.rollout.replaced(group.name, now: now))
        case .notReplaced(let release, let reason):
            self.perform(self.state.rollout.notReplaced(group.name, release: release, reason: reason, now: now))
        case .quarantine(let hash, let isFirst):
            let ledger = group.fleet.ledger
            self.perform(
                self.state.rollout.quarantine(
                    hash, of: group.name, isFirst: isFirst, now: now, isQuarantined: ledger.isQuarantined))
        case .crashed(let reason):
            self.crashes += 1
            self.lastCrash = reason
        case .restarted: self.restarts += 1
        case .releases(let used): self.state.rollout.releasesUsed(used, of: group.name)
        case .relayPathsChanged: self.groups.announceRelayPaths()
        case .ended(let status):
            if let name = group.name {
                self.state.rollout.groupEnded(name)
                self.groups.remove(name)
                self.groups.announceRelayPaths()
            }
            self.handle(.ended(group: group.name, status))
        }
    }

    func workerGroup(_ group: WorkerGroup, ended worker: Int, culprit: String?, reason: String) -> Bool {
        let (isOfChange, actions) = self.state.rollout.ended(
            worker, of: group.name, culprit: culprit, reason: reason, now: MonotonicClock.milliseconds)
        self.perform(actions)
        return isOfChange
    }

    func workerGroup(
        _ group: WorkerGroup, startOf release: Int, on existing: RelayListener?
    ) throws -> WorkerStart {
        guard let roster = self.state.rollout.roster(of: group.name, release: release) else {
            throw HostError(code: .usage, message: "release \(release) does not exist")
        }
        let relayListener = group.name == nil ? nil : try existing ?? self.groups.makeRelayListener()
        let listeners = relayListener.map { [$0.listener] } ?? self.sockets.listeners
        let order = WorkerOrder(
            applications: ApplicationList(roster.applications),
            addresses: listeners.map { ListenAddress($0.address, proxies: $0.proxies, security: $0.security) },
            privileges: group.plan.privileges, isRelayed: relayListener != nil, relayUsers: self.groups.relayUsers,
            groupSockets: group.name == nil ? self.groups.relayPaths : [:], isErrorColoured: self.plan.isErrorColoured,
            tls: group.name == nil ? self.certificates?.settings : nil)
        return WorkerStart(
            roster: roster, order: order, listeners: listeners.map(\.descriptor), relayListener: relayListener)
    }

    func workerGroup(_ group: WorkerGroup, rostersOf release: Int) -> [Roster] {
        self.state.rollout.rosters(of: group.name, release: release)
    }
}
