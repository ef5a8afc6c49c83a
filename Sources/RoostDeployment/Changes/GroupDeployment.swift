/// What the workers of one group serve, and the change of it that is under way. A value without I/O; times are milliseconds of the monotonic
/// clock.
///
/// Workers are started with a release, which is a numbered roster. A change is either made in place, by a `MountChange`, or by workers of another
/// release; both end in a `ChangeOutcome`.
struct GroupDeployment {
    /// A change that is made in place.
    private struct InPlace {
        var mount: MountChange
        let begun: Int
        /// The applications before the commit; nil: nothing is committed.
        var before: Roster?
        /// When workers that have not answered are given up; nil: those were.
        var deadline: Int?
    }

    /// A change by new workers.
    private struct Replacement {
        let numbers: [UInt32]
        let before: Roster
        let begun: Int
    }

    /// Nil: the workers that accept connections.
    let name: String?
    private(set) var plan: WorkerPlan
    /// Whether the host answers for an application that did not start, and tries it again; else it is gone.
    private let keepsFailing: Bool
    private var releases: [Int: Roster]
    /// The release that workers are started with.
    private var current = 1
    private var lastRelease = 1
    private var lastChange = 0
    private var inPlace: InPlace?
    private var replacement: Replacement?
    /// When applications that did not start are tried again; nil: none is failing.
    private var retryAt: Int?
    private var retries = BackOff()
    private var outcome: ChangeOutcome?

    /// How long workers may take for each part of a change, beyond what applications may take to start.
    private static let patience = 5000
    private static let firstRetry = 1000

    init(name: String?, _ plan: WorkerPlan, _ roster: Roster, keepsFailing: Bool = true) {
        self.name = name
        self.keepsFailing = keepsFailing
        self.plan = plan
        self.releases = [1: roster]
    }

    /// What is served, or is to be.
    var roster: Roster { self.releases[self.current] ?? Roster() }

    private mutating func updateRoster<Result>(_ body: (inout Roster) -> Result) -> Result {
        body(&self.releases[self.current, default: Roster()])
    }

    /// The applications that a worker of this release may have loaded.
    func rosters(ofRelease release: Int) -> [Roster] {
        [self.releases[release], self.inPlace?.mount.roster].compactMap { $0 }
    }

    func roster(ofRelease release: Int) -> Roster? { self.releases[release] }

    /// Every generation that a worker may load.
    var generations: [PreparedApplication] {
        (Array(self.releases.values) + [self.inPlace?.mount.roster].compactMap { $0 }).flatMap(\.generations)
    }

    /// Whether a change is made in place.
    var isChanging: Bool { self.inPlace != nil }
    /// Whether new workers take over.
    var isReplacing: Bool { self.replacement != nil }
    /// When something can be done though nothing happens; nil: nothing can.
    var due: Int? {
        guard self.inPlace == nil, self.replacement == nil else { return self.inPlace?.deadline }
        return self.retryAt
    }

    /// Removes and returns the outcome of the change that has ended; nil: none has.
    mutating func removeOutcome() -> ChangeOutcome? {
        defer { self.outcome = nil }
        return self.outcome
    }

    private mutating func addRelease(_ roster: Roster) -> Int {
        self.lastRelease += 1
        self.releases[self.lastRelease] = roster
        return self.lastRelease
    }

    /// Forgets releases that no worker has and none will be started with. Returns whether there were some.
    mutating func removeReleases(except used: Set<Int>) -> Bool {
        let needed = used.union([self.current])
        let count = self.releases.count
        self.releases = self.releases.filter { needed.contains($0.key) }
        return self.releases.count < count
    }

    mutating func copyFaults(of roster: Roster, except numbers: Set<UInt32>) {
        self.updateRoster { $0.copyFaults(of: roster, except: numbers) }
    }

    mutating func adopt(_ plan: WorkerPlan) { self.plan = plan }

    // MARK: Changes in place

    /// Begins a change in workers of which none is about to start or to end. `faults`: why some of `adding` cannot be started in any of them;
    /// `ready`: the ids of the workers.
    mutating func beginChange(
        _ roster: Roster, adding: [UInt32], faults: [UInt32: String] = [:], removing: [UInt32], begun: Int,
        ready: [Int], now: Int
    ) -> [DeploymentAction] {
        self.lastChange += 1
        var mount = MountChange(number: self.lastChange, roster, adding: adding, faults: faults, removing: removing)
        let step = mount.start(ready)
        self.inPlace = InPlace(mount: mount, begun: begun)
        return self.follow(step, now)
    }

    /// A worker has answered to the change with this number.
    mutating func prepared(_ worker: Int, change: Int, _ faults: [UInt32: String], now: Int) -> [DeploymentAction] {
        self.updateChange(change, now) { $0.prepared(worker, faults) }
    }

    mutating func committed(_ worker: Int, change: Int, now: Int) -> [DeploymentAction] {
        self.updateChange(change, now) { $0.committed(worker) }
    }

    private mutating func updateChange(
        _ number: Int, _ now: Int, _ body: (inout MountChange) -> MountChange.Step
    ) -> [DeploymentAction] {
        guard var mount = self.inPlace?.mount, mount.number == number else { return [] }
        let step = body(&mount)
        self.inPlace?.mount = mount
        return self.follow(step, now)
    }

    /// A worker has ended. `culprit`: the hash of the generation that is responsible. Returns whether that is part of the change, which
    /// goes on without it.
    mutating func ended(
        _ worker: Int, culprit: String?, reason: String, now: Int
    ) -> (isOfChange: Bool, actions: [DeploymentAction]) {
        guard var mount = self.inPlace?.mount else { return (false, []) }
        let number = culprit.flatMap { hash in mount.adding.first { mount.roster[$0]?.prepared?.hash == hash } }
        let wasCommitting = mount.isCommitting
        let step = mount.ended(worker, culprit: number, reason)
        self.inPlace?.mount = mount
        return (number != nil && !wasCommitting, self.follow(step, now))
    }

    /// Gives up workers that have not answered to the change in time, once. Returns their ids.
    mutating func giveUpLateWorkers(now: Int) -> [Int] {
        guard let change = self.inPlace, let deadline = change.deadline, now >= deadline else { return [] }
        self.inPlace?.deadline = nil
        return change.mount.unanswered.sorted()
    }

    /// A newer scan has come. A change of the same applications that is still being prepared is not waited for.
    mutating func withdraw(for declared: [DeclaredApplication], now: Int) -> [DeploymentAction] {
        // A new application has nothing to go back to: its change is waited for.
        guard var mount = self.inPlace?.mount, !mount.isCommitting,
            mount.adding.allSatisfy({ self.roster[$0] != nil })
        else { return [] }
        let isOld = mount.adding.contains { number in
            guard let application = mount.roster[number], let prepared = application.prepared else { return false }
            guard let newer = declared.first(where: { $0.key == application.key }) else { return true }
            // What could not be prepared takes nobody's place.
            return newer.prepared.map { !$0.isSame(as: prepared) } ?? false
        }
        guard isOld else { return [] }
        let step = mount.withdraw()
        self.inPlace?.mount = mount
        return self.follow(step, now)
    }

    private mutating func follow(_ step: MountChange.Step, _ now: Int) -> [DeploymentAction] {
        guard let mount = self.inPlace?.mount else { return [] }
        if case .nothing = step { return [] }
        self.inPlace?.deadline = now + self.plan.start * 1000 + Self.patience
        switch step {
        case .nothing: return []
        case .prepare(let workers):
            return [
                .prepare(
                    group: self.name, workers: workers, change: mount.number,
                    mount.roster.applications(mount.mounting))
            ]
        case .commit(let workers):
            // Now the change counts: workers that start have it, and those that run are told to mount it.
            let before = self.roster
            let roster = self.commit(mount, before: before)
            let instead = mount.faults.keys.filter { before[$0] == nil }
            let commit = DeploymentAction.commit(
                group: self.name, workers: workers, change: mount.number, mounting: mount.mounting,
                removing: mount.removing, instead: roster.applications(instead))
            return [commit, .setRelease(group: self.name, self.current)]
        case .done: return self.end(now)
        }
    }

    /// Makes the outcome of the change the current release: applications that did not start are as they were.
    private mutating func commit(_ mount: MountChange, before: Roster) -> Roster {
        // What has become of other applications meanwhile, a quarantine say, stays.
        var roster = before.replacing(mount.roster.applications(mount.adding), removing: mount.removing)
        if mount.isWithdrawn { roster.withdraw(mount.adding, from: before) }
        for (number, reason) in mount.faults { roster.restore(number, from: before, because: reason) }
        if !self.keepsFailing {
            let failing = roster.applications.filter(\.isFailing)
            roster = roster.replacing([], removing: failing.map(\.number))
        }
        self.inPlace?.before = before
        self.current = self.addRelease(roster)
        return roster
    }

    private mutating func end(_ now: Int) -> [DeploymentAction] {
        guard let mount = self.inPlace?.mount else { return [] }
        var actions: [DeploymentAction] = []
        if self.inPlace?.before == nil {
            // No worker was there to commit it.
            _ = self.commit(mount, before: self.roster)
            actions.append(.setRelease(group: self.name, self.current))
        }
        if let change = self.inPlace, let before = change.before {
            self.outcome = ChangeOutcome(
                before: before, mounted: mount.mounting.sorted(), removed: mount.removing.sorted(),
                faults: mount.isWithdrawn ? [:] : mount.faults, method: ChangeOutcome.inPlace, begun: change.begun)
        }
        self.inPlace = nil
        self.scheduleRetry(now)
        return actions + [.changeEnded(group: self.name)]
    }

    // MARK: Changes by new workers

    /// Begins a replacement of the workers; one that is under way becomes part of it.
    mutating func replaceWorkers(for step: MountStep) -> [DeploymentAction] {
        let before = self.roster
        var roster = before.replacing(step.applications, removing: step.removed)
        roster.setMustStart(true)
        let earlier = self.replacement
        self.replacement = Replacement(
            numbers: Set((earlier?.numbers ?? []) + step.numbers).sorted(), before: earlier?.before ?? before,
            begun: step.begun)
        return [
            self.replaceWorkers(roster, .reload, pardoned: step.applications.compactMap { $0.prepared?.hash })
        ]
    }

    private mutating func replaceWorkers(
        _ roster: Roster, _ cause: ReplacementCause, pardoned: [String] = []
    ) -> DeploymentAction {
        self.current = self.addRelease(roster)
        return .replaceWorkers(group: self.name, release: self.current, cause, pardoned: pardoned)
    }

    /// Workers of the current release serve in place of all others.
    mutating func replaced() {
        self.updateRoster { $0.setMustStart(false) }
        guard let replacement else { return }
        self.replacement = nil
        self.outcome = ChangeOutcome(
            before: replacement.before, mounted: replacement.numbers, method: ChangeOutcome.byNewWorkers,
            begun: replacement.begun)
    }

    /// New workers did not start: workers are started with this release from here on, the one before or, where the new one has served, that.
    /// Returns the applications that stay as they were; nil: there was no change.
    mutating func rollBack(to release: Int, _ reason: String, now: Int) -> [UInt32]? {
        let tried = self.roster
        self.current = release
        guard let replacement else { return nil }
        self.replacement = nil
        for number in replacement.numbers {
            self.updateRoster { $0.refuse(number, of: tried, because: reason) }
        }
        self.scheduleRetry(now)
        return replacement.numbers
    }

    /// A generation has crashed too often: workers without it take over. Returns its applications.
    mutating func quarantine(
        _ hash: String, _ reason: String, unless isQuarantined: (String) -> Bool
    ) -> (applications: [DeployedApplication], action: DeploymentAction) {
        var roster = self.roster
        let applications = roster.quarantine(hash, reason, unless: isQuarantined)
        if let replacement {
            // Its workers are replaced by those without the generation.
            self.replacement = nil
            let refused = Set(applications.map(\.number)).intersection(replacement.numbers)
            self.outcome = ChangeOutcome(
                before: replacement.before, mounted: replacement.numbers.filter { !refused.contains($0) },
                faults: Dictionary(uniqueKeysWithValues: refused.map { ($0, reason) }),
                method: ChangeOutcome.byNewWorkers, begun: replacement.begun)
        }
        roster.setMustStart(false)
        return (applications, self.replaceWorkers(roster, .quarantine))
    }

    // MARK: Applications that do not start

    /// A worker of this release is ready, but for these applications. Returns those whose fault is new.
    mutating func failed(
        _ faults: [UInt32: String], release: Int, now: Int
    ) -> [DeployedApplication] {
        // What one worker could not start is not tried in the next.
        var new: [DeployedApplication] = []
        if release == self.current {
            for (number, reason) in faults.sorted(by: { $0.key < $1.key }) {
                guard self.updateRoster({ $0.fail(number, reason) }), let application = self.roster[number] else {
                    continue
                }
                new.append(application)
            }
        }
        self.scheduleRetry(now)
        return new
    }

    /// Applications that did not start are tried again, with growing delays.
    private mutating func scheduleRetry(_ now: Int) {
        guard self.roster.applications.contains(where: \.isFailing) else {
            self.retries.reset()
            self.retryAt = nil
            return
        }
        guard self.retryAt == nil, !self.isChanging else { return }
        self.retryAt = now + max(self.retries.failed(after: 0), Self.firstRetry)
    }

    /// Tries them again when it is time. `ready`: the workers; nil: some are about to start or to end, and it is put off.
    mutating func retry(ready: [Int]?, now: Int) -> [DeploymentAction] {
        guard let retryAt, now >= retryAt, !self.isChanging, !self.isReplacing else { return [] }
        guard let ready else {
            self.retryAt = now + Self.firstRetry
            return []
        }
        self.retryAt = nil
        var roster = self.roster
        let failing = roster.retryAll()
        guard !failing.isEmpty else { return [] }
        return self.beginChange(roster, adding: failing, removing: [], begun: now, ready: ready, now: now)
    }
}
