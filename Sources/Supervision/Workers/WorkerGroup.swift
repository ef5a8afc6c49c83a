import Glibc
import HTTPServer
import Logging
import ModuleRuntime
import RoostDeployment
import RoostSystem

/// The processes of a worker group: starts, observes and stops the workers as its `Fleet` decides. For the supervisor's
/// one thread.
///
/// It does not know what a release contains or what a change does. It reports to its delegate, which decides what to
/// send.
final class WorkerGroup {
    /// `nil` for the front workers, which accept client connections.
    let name: String?
    private(set) var plan: WorkerPlan
    private(set) var fleet: Fleet
    /// Running workers, and workers whose end was not handled yet.
    private(set) var workers: [WorkerHandle] = []
    /// Workers to start once the current change has ended, so that they get the applications mounted by it.
    private var postponed: [(id: Int, isStandIn: Bool)] = []
    private var isChanging = false
    private var stateHandover = StateHandover()
    private let standby: StandbyWorker
    /// The file by which the workers tell their standby what to import; nil if the group keeps no standby.
    private let imports: String?
    private unowned let delegate: any WorkerGroupDelegate
    private let logger: Logger
    private let log: LineWriter

    /// The exit statuses of a failed start: a worker refused to start, or ended before it was ready.
    private static let refused: CInt = 1
    private static let endedTooEarly: CInt = 3

    /// A failed first start of the front workers ends the server. Other groups are restarted until they serve.
    ///
    /// `imports`: a file that the workers write, if the group has to keep a standby of Python workers.
    init(
        name: String?, _ plan: WorkerPlan, imports: String?, _ delegate: any WorkerGroupDelegate, _ logger: Logger,
        _ log: LineWriter
    ) {
        self.name = name
        self.imports = imports
        self.standby = StandbyWorker(logger)
        self.plan = plan
        self.fleet = Fleet(rules: plan.rules, release: 1, hasServed: name != nil)
        self.delegate = delegate
        self.logger = logger
        self.log = log
    }

    private func worker(_ id: Int) -> WorkerHandle? { self.workers.first { $0.id == id } }

    private var now: Int { MonotonicClock.milliseconds }

    private func report(_ report: WorkerGroupReport) { self.delegate.workerGroup(self, reports: report) }

    // MARK: State

    var status: WorkersStatus {
        var status = WorkersStatus()
        status.ready = self.readyWorkers.map(\.id)
        status.isCalm = self.fleet.isCalm
        status.isFailing = self.fleet.isFailing
        return status
    }

    private var readyWorkers: [WorkerHandle] {
        self.workers.filter { self.fleet.member($0.id)?.state == .ready }
    }

    /// The relay sockets of the ready workers, for the front workers.
    var relayPaths: [String] { self.readyWorkers.compactMap(\.relayPath) }

    /// Whether a worker of the current release is ready.
    var isServing: Bool {
        self.fleet.members.contains { $0.state == .ready && !$0.isStandIn && $0.release == self.fleet.current }
    }

    /// Whether a child process of the supervisor belongs to the group.
    func owns(_ process: pid_t) -> Bool {
        self.standby.owns(process) || self.workers.contains { $0.process == process }
    }

    /// Why a running worker cannot load an application beside those it has loaded; `nil` if all workers can.
    func obstacle(to application: PreparedApplication) -> String? {
        self.readyWorkers.lazy.compactMap { worker in
            if let variable = application.variable, self.plan.environment[variable.name] == nil,
                worker.variables[variable.name] != variable.value
            {
                return variable.obstacle
            }
            return worker.images.obstacle(to: application, within: self.plan.allowance)
        }.first
    }

    // MARK: Called by the deployment

    func start() { self.perform(self.fleet.start(now: self.now)) }
    func resize(by count: Int) { self.perform(self.fleet.resize(by: count, now: self.now)) }

    /// Stops all workers. `atOnce`: kills them.
    func stop(atOnce: Bool) {
        self.standby.kill()
        if atOnce { for worker in self.workers { worker.setKillReason("stopped at once") } }
        self.perform(atOnce ? self.fleet.kill(now: self.now) : self.fleet.stop(now: self.now))
    }

    /// Sets the plan of workers that are started from now on.
    func adopt(_ plan: WorkerPlan) {
        self.plan = plan
        self.fleet.adopt(plan.rules)
    }

    /// Has workers start applications for a change.
    func prepare(_ change: Int, _ applications: [DeployedApplication], in ids: [Int]) {
        self.isChanging = true
        // A quarantined file is only loaded again if an operator asks for it.
        for hash in applications.compactMap({ $0.prepared?.hash }) { self.fleet.pardonIfQuarantined(hash) }
        let list = ApplicationList(applications)
        for worker in ids.compactMap(self.worker) {
            for application in list.applications { worker.load(application) }
            worker.send(.prepare(change: change, list))
        }
    }

    func commit(
        _ change: Int, mounting: Set<UInt32>, removing: Set<UInt32>, instead: [DeployedApplication], in ids: [Int]
    ) {
        self.isChanging = true
        let list = ApplicationList(instead)
        for worker in ids.compactMap(self.worker) {
            worker.send(.commit(change: change, mounting: mounting, removing: removing, instead: list))
        }
    }

    /// Sets the release of workers with the current release, which have changed their applications in place.
    func setRelease(_ release: Int) {
        for worker in self.workers where worker.release == self.fleet.current { worker.setRelease(release) }
        self.fleet.setRelease(to: release)
    }

    /// Starts the workers that were postponed until the end of a change.
    func changeEnded() {
        self.isChanging = false
        let postponed = self.postponed
        self.postponed = []
        for (id, isStandIn) in postponed where self.fleet.member(id) != nil { self.start(id, isStandIn) }
        self.reportReleases()
    }

    /// Replaces all workers. `pardoned`: hashes whose quarantine ends.
    func replaceWorkers(by release: Int, _ cause: ReplacementCause, pardoned: [String]) {
        for hash in pardoned { self.fleet.pardon(hash) }
        self.perform(self.fleet.replace(by: release, because: cause, now: self.now))
    }

    /// Kills the standby, whose listening sockets have been replaced.
    func killStandby() { self.standby.kill() }

    func kill(_ ids: [Int], _ reason: String) {
        for worker in ids.compactMap(self.worker) where worker.killReason == nil { worker.kill(reason) }
    }

    /// Sends a message to all workers. `areReady`: except to those that are starting.
    func send(_ message: SupervisorMessage, areReady: Bool) {
        for worker in self.workers where !areReady || self.fleet.member(worker.id)?.state != .starting {
            worker.send(message)
        }
    }

    func send(_ message: SupervisorMessage, to id: Int) { self.worker(id)?.send(message) }

    /// Has every started worker write its activity to its page.
    func ping() {
        for worker in self.workers where self.fleet.member(worker.id)?.state != .starting { worker.ping() }
    }

    // MARK: Actions of the fleet

    private func perform(_ actions: [Fleet.Action]) {
        // Reported first, too: the front workers must know the successor before a worker drains.
        self.report(.relayPathsChanged)
        for action in actions { self.perform(action) }
        self.report(.relayPathsChanged)
    }

    private func perform(_ action: Fleet.Action) {
        switch action {
        case .start(let id, _, let isStandIn):
            if self.isChanging { self.postponed.append((id, isStandIn)) } else { self.start(id, isStandIn) }
        case .drain(let id):
            let isReplaced = self.fleet.member(id)?.retirement == .replaced
            self.worker(id)?.send(.shutDown(isReplaced ? .retire : .drain))
        case .stop(let id): self.worker(id)?.send(.shutDown(.stop))
        case .kill(let id): self.kill(id)
        case .examine(let id): self.worker(id)?.examine()
        case .log(let notice): self.log(notice)
        case .serving: self.report(.serving)
        case .reloaded: self.report(.replaced)
        case .notReloaded(let reason): self.report(.notReplaced(release: self.fleet.current, reason: reason))
        case .quarantine(let hash): self.report(.quarantine(hash, isFirst: !self.fleet.hasServed))
        case .exit(let status):
            self.standby.kill()
            self.report(.ended(status))
        }
    }

    private func start(_ id: Int, _ isStandIn: Bool) {
        guard let member = self.fleet.member(id) else { return }
        do {
            self.standby.killIfUnreachable()
            let start = try self.delegate.workerGroup(
                self, startOf: member.release, on: isStandIn ? nil : self.standby.relayListener)
            self.workers.append(try self.makeWorker(id, member.release, isStandIn, start))
        } catch {
            self.logger.log(.workerNotStarted, ["reason": "\(error)"])
            self.perform(
                self.fleet.ended(id, culprit: nil, reason: "\(error)", status: Self.refused, now: self.now))
        }
    }

    private func makeWorker(
        _ id: Int, _ release: Int, _ isStandIn: Bool, _ start: WorkerStart
    ) throws -> WorkerHandle {
        let setup = start.setup(self.plan, imports: self.standbyImports)
        let waiting = isStandIn ? nil : self.standby.removeChild(startedWith: setup)
        return WorkerHandle(
            id: id, release: release, order: (isStandIn ? start.order.standingIn : start.order).forProgram,
            child: try waiting ?? WorkerChild(setup), largestState: self.plan.state, relayListener: start.relayListener)
    }

    /// The file for the standby; nil if there is none. Workers of another user cannot write it, and do not serve a
    /// developer.
    private var standbyImports: String? { self.plan.privileges.changesUser ? nil : self.imports }

    /// Starts the standby of a group that serves a Python application, unless it has one. Not before all workers are
    /// ready, because it would delay them.
    private func startStandby() {
        guard let imports = self.standbyImports, !self.standby.isWaiting, self.isServing, self.fleet.isCalm,
            self.servesPython
        else { return }
        do {
            let start = try self.delegate.workerGroup(self, startOf: self.fleet.current, on: nil)
            try self.standby.start(start.setup(self.plan, imports: imports), start.relayListener)
        } catch { self.logger.log(.standbyNotStarted, ["reason": "\(error)"]) }
    }

    private var servesPython: Bool {
        self.applications(of: self.fleet.current).contains { $0.prepared?.python != nil }
    }

    private func applications(of release: Int) -> [DeployedApplication] {
        self.delegate.workerGroup(self, rostersOf: release).first?.applications ?? []
    }

    private func kill(_ id: Int) {
        if let worker = self.worker(id) { return worker.kill("killed by the supervisor") }
        // It was postponed and has no process.
        guard self.postponed.contains(where: { $0.id == id }) else { return }
        self.postponed.removeAll { $0.id == id }
        self.perform(self.fleet.ended(id, culprit: nil, reason: "not started", status: 0, now: self.now))
    }

    private func log(_ notice: Fleet.Notice) {
        switch notice {
        case .retiring(let id, let reason):
            guard let worker = self.worker(id) else { break }
            self.logger.log(.workerReplaced, worker.logFields(["reason": "\(reason.rawValue)"]))
        case .waiting(let milliseconds):
            self.logger.log(.workersCrashLooping, ["restart": "\(milliseconds)ms"])
        case .overdue(let id):
            guard let worker = self.worker(id) else { break }
            worker.setKillReason("did not exit in time")
            self.logger.log(.workerKilled, worker.logFields(["reason": "\(worker.killReason ?? "")"]))
        case .neverReady(let id): self.worker(id)?.setKillReason("was not ready within \(self.plan.start) seconds")
        }
    }

    // MARK: Events of the workers

    /// Reads messages from the workers, and handles the end of workers that have exited.
    func receive() {
        self.standby.reap()
        for worker in self.workers {
            if worker.hasOutput { worker.write() }
            self.receive(from: worker)
            guard let status = worker.reap() else { continue }
            // Reads its last messages.
            self.receive(from: worker)
            self.workers.removeAll { $0 === worker }
            self.handOverState([:], of: worker.id)
            self.stateHandover.remove(worker.id)
            self.ended(worker, status)
        }
    }

    private func receive(from worker: WorkerHandle) {
        for line in worker.readErrors() { self.log.write(Array((line + "\n").utf8)) }
        for message in worker.receive() { self.handle(message, of: worker) }
        if let fault = worker.removeFault() {
            self.logger.log(.workerMessageInvalid, worker.logFields(["reason": "\(fault)"]))
            worker.kill("sent an invalid message")
        }
        // A worker without a channel could not be told to stop. The end of a process closes it too.
        if worker.hasClosedChannel { worker.kill(nil) }
    }

    private func handle(_ message: WorkerMessage, of worker: WorkerHandle) {
        switch message {
        case .ready(let faults):
            self.logger.log(.workerReady, worker.logFields())
            self.report(.ready(worker: worker.id, release: worker.release, faults: faults))
            self.perform(self.fleet.ready(worker.id, now: self.now))
            self.startStandby()
        case .stoppedAccepting:
            guard self.fleet.member(worker.id)?.hasStoppedAccepting == false else { return }
            self.perform(self.fleet.stoppedAccepting(worker.id, now: self.now))
        case .refused(let reason): worker.setRefusal(reason)
        case .prepared(let change, let faults):
            self.report(.prepared(worker: worker.id, change: change, faults: faults))
        case .committed(let change): self.report(.committed(worker: worker.id, change: change))
        case .requestsState:
            guard self.fleet.member(worker.id)?.state == .starting, worker.noteStateRequest() else { return }
            let candidates = self.fleet.members.filter {
                $0.state == .ready && $0.retirement != nil && !$0.isStandIn
            }
            if let giver = self.stateHandover.chooseSource(for: worker.id, among: candidates.map(\.id)) {
                self.worker(giver)?.send(.saveState)
            } else {
                worker.send(.restoreState([:]))
            }
        case .savedState(let states): self.handOverState(states, of: worker.id)
        }
    }

    private func handOverState(_ states: [UInt32: SavedState], of giver: Int) {
        guard let taker = self.stateHandover.removeRecipient(of: giver) else { return }
        self.worker(taker)?.send(.restoreState(states))
    }

    private func ended(_ worker: WorkerHandle, _ status: CInt) {
        let member = self.fleet.member(worker.id)
        let wasReady = member.map { $0.state != .starting } ?? true
        let isExpected = self.fleet.isStopping || member?.state == .draining
        let rosters = self.delegate.workerGroup(self, rostersOf: worker.release)
        let end = WorkerEnd(of: worker, status: status, wasReady: wasReady, rosters: rosters, self.logger)
        let cause = end.logCause()
        let isNeeded = cause.culprit.map { self.isRequired($0.hash, release: self.fleet.current) } ?? true
        if !wasReady, !isExpected, isNeeded || !cause.isCrash { end.logStartFailure(cause.reason ?? "exited") }
        if cause.isCrash { self.report(.crashed(cause.reason ?? "")) }
        if !isExpected { self.report(.restarted) }
        // A crash of a generation in a pending change removes the generation from the change, and does not count
        // against the release.
        let isOfChange = self.delegate.workerGroup(
            self, ended: worker.id, culprit: cause.culprit?.hash, reason: cause.reason ?? "exited")
        self.perform(
            self.fleet.ended(
                worker.id, culprit: cause.isCrash && !isOfChange ? cause.culprit?.hash : nil, isNeeded: isNeeded,
                reason: cause.reason ?? "exited",
                status: status == 0 && wasReady ? 0 : worker.refusal == nil ? Self.endedTooEarly : Self.refused,
                now: self.now))
        // After a version that could not be started, the next one is not slower.
        self.startStandby()
        self.reportReleases()
    }

    /// Whether the first start requires an application with this hash.
    private func isRequired(_ hash: String, release: Int) -> Bool {
        self.applications(of: release).contains { $0.prepared?.hash == hash && $0.isRequired }
    }

    private func reportReleases() {
        let previous = self.fleet.previous ?? self.fleet.current
        self.report(.releases(Set(self.workers.map(\.release) + [self.fleet.current, previous])))
    }

    // MARK: Observation

    /// The time when the workers must be observed, even without an event; `nil` if never.
    var due: Int? { self.fleet.due }

    func observe(_ now: Int) {
        var observations: [Int: Fleet.Observation] = [:]
        for worker in self.workers {
            if let member = self.fleet.member(worker.id), member.state == .ready {
                observations[worker.id] = self.observe(worker, since: member.readyAt, now)
            }
            if let stall = worker.removeStallReport() {
                let rosters = self.delegate.workerGroup(self, rostersOf: worker.release)
                WorkerEnd.logStall(stall, of: worker, rosters, self.logger)
            }
        }
        self.perform(self.fleet.observe(now: now, observations))
    }

    private func observe(_ worker: WorkerHandle, since ready: Int, _ now: Int) -> Fleet.Observation {
        var observation = Fleet.Observation()
        observation.requests = worker.page.requests
        observation.memory = self.fleet.rules.memory == nil ? 0 : worker.memory
        observation.loops = worker.page.loops
        if let stall = self.fleet.rules.stall {
            observation.silence = worker.silence(since: ready, limit: stall, now: now)
            worker.ping()
        }
        return observation
    }
}
