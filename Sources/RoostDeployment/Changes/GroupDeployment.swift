/// The applications that the workers of one group serve, and the change that is in progress. A value type without I/O;
/// times are milliseconds of the monotonic clock.
///
/// Workers are started with a release, which is a numbered roster. A change is made in place, by a `MountChange`, or by
/// workers of another release; both end in a `ChangeOutcome`.
struct GroupDeployment {
    /// A change in place.
    private struct InPlace {
        var mount: MountChange
        let begun: Int
        /// The applications before the commit; nil until then.
        var before: Roster?
        /// The deadline for the workers' answers; nil after late workers were given up.
        var deadline: Int?
    }

    /// A change by new workers.
    private struct Replacement {
        let numbers: [UInt32]
        let before: Roster
        let begun: Int
    }

    /// Nil for the workers that accept connections.
    let name: String?
    private(set) var plan: WorkerPlan
    /// Whether the host answers for an application that did not start, and tries it again; else it is removed.
    private let keepsFailing: Bool
    private var releases: [Int: Roster]
    /// The release that new workers are started with.
    private var current = 1
    private var lastRelease = 1
    private var lastChange = 0
    private var inPlace: InPlace?
    private var replacement: Replacement?
    /// When applications that did not start are tried again; nil if there are none.
    private var retryAt: Int?
    private var retries = BackOff()
    private var outcome: ChangeOutcome?

    /// Timeout for each part of a change, in milliseconds, in addition to a worker's start timeout.
    private static let patience = 5000
    private static let firstRetry = 1000

    init(name: String?, _ plan: WorkerPlan, _ roster: Roster, keepsFailing: Bool = true) {
        self.name = name
        self.keepsFailing = keepsFailing
        self.plan = plan
        self.releases = [1: roster]
    }

    /// The applications that are served or are to be served.
    var roster: Roster { self.releases[self.current] ?? Roster() }

    private mutating func updateRoster<Result>(_ body: (inout Roster) -> Result) -> Result {
        body(&self.releases[self.current, default: Roster()])
    }

    /// The rosters whose applications a worker of this release may have loaded.
    func rosters(ofRelease release: Int) -> [Roster] {
        [self.releases[release], self.inPlace?.mount.roster].compactMap { $0 }
    }

    func roster(ofRelease release: Int) -> Roster? { self.releases[release] }

    /// Every generation that a worker may load.
    var generations: [PreparedApplication] {
        (Array(self.releases.values) + [self.inPlace?.mount.roster].compactMap { $0 }).flatMap(\.generations)
    }

    /// Whether a change in place is in progress.
    var isChanging: Bool { self.inPlace != nil }
    /// Whether new workers are taking over.
    var isReplacing: Bool { self.replacement != nil }
    /// When something must be done without an event; nil for no such time.
    var due: Int? {
        guard self.inPlace == nil, self.replacement == nil else { return self.inPlace?.deadline }
        return self.retryAt
    }

    /// Removes and returns the outcome of a change; nil if none has ended.
    mutating func removeOutcome() -> ChangeOutcome? {
        defer { self.outcome = nil }
        return self.outcome
    }

    private mutating func addRelease(_ roster: Roster) -> Int {
        self.lastRelease += 1
        self.releases[self.lastRelease] = roster
        return self.lastRelease
    }

    /// Forgets releases that no worker has or will be started with. Returns whether there were any.
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

    /// Begins a change in place. Must not be called while a worker is starting or ending. `faults`: why some of
    /// `adding` cannot be started in any worker. `ready`: the ids of the workers.
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

    /// A worker has prepared the change with this number.
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

    /// A worker has ended. `culprit`: the hash of the responsible generation. Returns whether the end is part of the
    /// change, which continues without the worker.
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

    /// A newer scan has ended. Withdraws a change that is still being prepared, if the scan has changed or removed its
    /// applications.
    mutating func withdraw(for declared: [DeclaredApplication], now: Int) -> [DeploymentAction] {
        // A new application has no state to go back to: its change is not withdrawn.
        guard var mount = self.inPlace?.mount, !mount.isCommitting,
            mount.adding.allSatisfy({ self.roster[$0] != nil })
        else { return [] }
        let isOld = mount.adding.contains { number in
            guard let application = mount.roster[number], let prepared = application.prepared else { return false }
            guard let newer = declared.first(where: { $0.key == application.key }) else { return true }
            // A version that could not be prepared replaces nothing.
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
            // From now on the change is in effect: new workers are started with it, and running workers mount it.
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

    /// Makes the result of the change the current release; applications that did not start are as they were.
    private mutating func commit(_ mount: MountChange, before: Roster) -> Roster {
        // Keeps what has happened to other applications in the meantime, such as a quarantine.
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
            // There was no worker to commit it.
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

    /// Begins the replacement of the workers; a replacement in progress becomes part of it.
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

    /// Workers of the current release have replaced all others.
    mutating func replaced() {
        self.updateRoster { $0.setMustStart(false) }
        guard let replacement else { return }
        self.replacement = nil
        self.outcome = ChangeOutcome(
            before: replacement.before, mounted: replacement.numbers, method: ChangeOutcome.byNewWorkers,
            begun: replacement.begun)
    }

    /// New workers did not start. From now on workers are started with `release`: the previous one, or the new one if
    /// it has served. Returns the applications that stay as they were; nil if there was no change.
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
            // The workers of the replacement are replaced by workers without the generation.
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

    /// A worker of this release is ready, except for these applications. Returns those whose fault is new.
    mutating func failed(
        _ faults: [UInt32: String], release: Int, now: Int
    ) -> [DeployedApplication] {
        // An application that one worker could not start is not tried in the next one.
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

    /// Schedules a retry of applications that did not start, with growing delays.
    private mutating func scheduleRetry(_ now: Int) {
        guard self.roster.applications.contains(where: \.isFailing) else {
            self.retries.reset()
            self.retryAt = nil
            return
        }
        guard self.retryAt == nil, !self.isChanging else { return }
        self.retryAt = now + max(self.retries.failed(after: 0), Self.firstRetry)
    }

    /// Tries applications again when it is due. `ready`: the workers; nil if some are starting or ending, which puts
    /// the retry off.
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
