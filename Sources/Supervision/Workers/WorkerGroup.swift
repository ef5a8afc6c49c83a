import Glibc
import HTTPServer
import Logging
import RoostDeployment

/// Workers that hold the same applications, as their supervisor has them: which there have to be is decided by `Fleet`, what they serve
/// stands in a `Roster`. For the supervisor's one thread.
final class WorkerGroup {
    unowned let supervisor: Supervisor
    /// Nil: they accept clients.
    let name: String?
    /// How its workers are to be.
    var workerPlan: WorkerPlan
    var fleet: Fleet
    /// Those that live, and those whose end is not told yet.
    var workers: [WorkerHandle] = []
    /// What workers were or are started with, by the number of the release.
    var rosters: [Int: Roster]
    var lastRelease = 1
    /// A change of what is mounted that is under way in the workers.
    var change: MountChange?
    /// What its workers are being replaced for.
    var replacing: Replacing?
    /// Workers that are to be started when it is settled.
    private var postponed: [(id: Int, isStandIn: Bool)] = []
    /// Those that did not start are tried again then.
    var retryAt: Int?
    var retries = BackOff()

    var plan: Supervisor.Plan { self.supervisor.plan }
    var logger: Logger { self.supervisor.plan.logger }
    /// What is served, or is to be.
    var roster: Roster {
        get { self.rosters[self.fleet.current] ?? Roster() }
        set { self.rosters[self.fleet.current] = newValue }
    }

    /// Of those that accept a start without any makes no sense; the others are tried for as long as it takes.
    init(_ supervisor: Supervisor, name: String? = nil, _ plan: WorkerPlan, _ roster: Roster) {
        self.supervisor = supervisor
        self.name = name
        self.workerPlan = plan
        self.rosters = [1: roster]
        self.fleet = Fleet(rules: plan.rules, release: 1, hasServed: name != nil)
    }

    /// Where its workers answer, when they are another group's to ask: those that are ready.
    var ways: [String] {
        self.workers.filter { self.fleet.member($0.id)?.state == .ready }.compactMap(\.door?.path)
    }

    /// Whether it serves, or it is known that it does not.
    var isSettled: Bool { self.fleet.isFailing || self.fleet.members.contains { $0.state == .ready } }

    func worker(_ id: Int) -> WorkerHandle? { self.workers.first { $0.id == id } }

    /// What a worker serves, for people: the generation of its application, or the release of them all.
    func generation(of worker: WorkerHandle) -> String {
        let applications = self.rosters[worker.release]?.members.compactMap(\.application) ?? []
        return applications.count == 1 ? applications[0].hash : "release \(worker.release)"
    }

    /// A roster that is to be served from the next release on.
    func newRelease(_ roster: Roster) -> Int {
        self.lastRelease += 1
        self.rosters[self.lastRelease] = roster
        return self.lastRelease
    }

    /// When something has to be looked at though nothing happens; nil: never.
    var due: Int? { [self.fleet.due, self.change?.deadline, self.retryAt].compactMap { $0 }.min() }

    /// All workers end; the second time at once.
    func stop(atOnce: Bool, now: Int) {
        if atOnce { for worker in self.workers { worker.killed = "stopped at once" } }
        self.perform(atOnce ? self.fleet.kill(now: now) : self.fleet.stop(now: now))
    }

    // MARK: What the fleet decides

    func perform(_ actions: [Fleet.Action]) {
        // Before one is drained: nobody is to be without a way.
        self.supervisor.tellWays()
        for action in actions { self.perform(action) }
        self.supervisor.tellWays()
    }

    private func perform(_ action: Fleet.Action) {
        switch action {
        case .start(let id, _, let isStandIn):
            // It is to have what is mounted then.
            if self.change == nil { self.start(id, isStandIn) } else { self.postponed.append((id, isStandIn)) }
        case .drain(let id):
            let isReplaced = self.fleet.member(id)?.retirement == .replaced
            self.worker(id)?.tell(isReplaced ? Worker.retire : Worker.drain)
        case .stop(let id): self.worker(id)?.tell(Worker.stop)
        case .kill(let id): self.kill(id)
        case .examine(let id): self.examine(id)
        case .log(let notice): self.log(notice)
        case .serving: self.supervisor.isServing(self)
        case .reloaded: self.isReloaded()
        case .notReloaded(let reason): self.isNotReloaded(reason)
        case .quarantine(let hash): self.quarantine(hash)
        case .leave(let status): self.supervisor.left(self, status)
        }
    }

    private func kill(_ id: Int) {
        guard let worker = self.worker(id) else {
            // It was never started.
            guard self.postponed.contains(where: { $0.id == id }) else { return }
            self.postponed.removeAll { $0.id == id }
            return self.perform(
                self.fleet.ended(id, culprit: nil, reason: "not started", status: 0, now: Supervisor.now()))
        }
        if worker.killed == nil { worker.killed = "was killed by its supervisor" }
        Glibc.kill(worker.process, SIGKILL)
    }

    /// Starts those that had to wait for the end of a change.
    func startPostponed() {
        let postponed = self.postponed
        self.postponed = []
        for (id, isStandIn) in postponed where self.fleet.member(id) != nil { self.start(id, isStandIn) }
    }

    /// What has this hash has crashed too often, or cannot be started with at all: a release without it follows.
    private func quarantine(_ hash: String) {
        let isFirst = !self.fleet.hasServed
        var roster = self.roster
        let reason =
            isFirst
            ? "crashed at its start"
            : "has crashed \(self.workerPlan.crashes) workers within \(self.workerPlan.crashWindow) seconds"
        for member in roster.quarantine(hash, reason, unless: { self.fleet.ledger.isQuarantined($0) }) {
            let instead =
                member.isQuarantined ? "answered with 503" : "the one before serves (\(member.application?.hash ?? ""))"
            self.logger.critical(
                "\(member.name) \(reason), quarantined: \(instead): replace its file, then roost reload",
                metadata: ["application": "\(member.name)", "generation": "\(hash)"])
        }
        roster.insist(false)
        self.perform(self.fleet.replace(by: self.newRelease(roster), because: .quarantine, now: Supervisor.now()))
    }

    /// What is looked at every so often.
    func look(_ now: Int) { self.perform(self.fleet.look(now: now, at: self.observe(now))) }

    /// Those that no worker has and none will be started with.
    func forgetReleases() {
        let needed = Set(self.workers.map(\.release) + [self.fleet.current, self.fleet.previous ?? 0])
        guard self.rosters.keys.contains(where: { !needed.contains($0) }) else { return }
        self.rosters = self.rosters.filter { needed.contains($0.key) }
        self.supervisor.hasOldCopies = true
    }
}
