import Logging
import RoostModules
import RoostSystem

/// Carries out changes, one group of workers after another, and tracks their results. A value type without I/O; times
/// are milliseconds of the monotonic clock.
///
/// A change is a list of `MountStep`s. Each group (`GroupDeployment`) prepares its step in one worker, then in the
/// others, and commits it in all; or new workers take over. A failed step is rolled back.
package struct Rollout {
    /// All applications, as they were last wanted.
    private var wanted: Roster
    /// The source of the groups' worker plans.
    package internal(set) var deployment: Deployment
    private var groups: [String?: GroupDeployment] = [:]
    private var steps = StepQueue()
    var log = DeploymentLog()
    /// False if an application that did not start is removed.
    private let keepsFailing: Bool
    /// Whether some copies of modules may be unused.
    private var mayHaveUnusedCopies = false

    init(_ wanted: Roster, _ deployment: Deployment, keepsFailing: Bool) {
        self.wanted = wanted
        self.deployment = deployment
        self.keepsFailing = keepsFailing
        for name in [nil] + wanted.groups.map({ $0 as String? }) { self.addGroup(name) }
    }

    private mutating func addGroup(_ name: String?) {
        self.groups[name] = GroupDeployment(
            name: name, self.deployment.plan(of: name), self.wanted.view(of: name), keepsFailing: self.keepsFailing)
    }

    /// All applications, with their states in the workers that run them.
    package var roster: Roster {
        // An application of an embedding program is only in the group.
        self.keepsFailing ? self.wanted.updated(by: self.groups.mapValues(\.roster)) : self.roster(of: nil)
    }

    /// The names of the groups, without the workers that accept connections.
    package var groupNames: [String] { self.groups.keys.compactMap { $0 }.sorted() }

    package func plan(of group: String?) -> WorkerPlan { self.groups[group]?.plan ?? self.deployment.plan(of: group) }

    /// The applications that the workers of a group serve or are to serve.
    package func roster(of group: String?) -> Roster { self.groups[group]?.roster ?? Roster() }

    /// The roster that workers of this release are started with; nil if the release was forgotten.
    package func roster(of group: String?, release: Int) -> Roster? { self.groups[group]?.roster(ofRelease: release) }

    /// The rosters whose applications a worker of this release may have loaded.
    package func rosters(of group: String?, release: Int) -> [Roster] {
        self.groups[group]?.rosters(ofRelease: release) ?? []
    }

    /// When something must be done without an event; nil for no such time.
    var due: Int? { self.groups.values.compactMap(\.due).min() }

    /// Whether a reload with a waiting caller is in progress.
    var isReloading: Bool { self.log.report.isAsked }

    /// Whether all steps have begun, and no change in place is in progress; new workers may still be taking over.
    var canBegin: Bool { self.steps.isEmpty && !self.groups.values.contains(where: \.isChanging) }

    /// Whether every change has ended.
    var isComplete: Bool { self.canBegin && !self.groups.values.contains(where: \.isReplacing) }

    // MARK: Events of workers

    /// A worker serves, except for applications that did not start.
    package mutating func ready(
        release: Int, of group: String?, faults: [UInt32: String], now: Int
    ) -> [DeploymentAction] {
        for application in self.groups[group]?.failed(faults, release: release, now: now) ?? [] {
            self.log.logFailure(application)
        }
        return self.log.removeEntries()
    }

    package mutating func prepared(
        _ worker: Int, of group: String?, change: Int, faults: [UInt32: String], now: Int
    ) -> [DeploymentAction] {
        self.update(group, now) { $0.prepared(worker, change: change, faults, now: now) }
    }

    package mutating func committed(_ worker: Int, of group: String?, change: Int, now: Int) -> [DeploymentAction] {
        self.update(group, now) { $0.committed(worker, change: change, now: now) }
    }

    /// A worker has ended. `culprit`: the hash of the responsible generation; nil if none is. `isOfChange`: whether the
    /// end is part of a change, which continues without the worker; the crash must then have no other consequence.
    package mutating func ended(
        _ worker: Int, of group: String?, culprit: String?, reason: String, now: Int
    ) -> (isOfChange: Bool, actions: [DeploymentAction]) {
        // Copies that the worker had mapped may be unused now.
        self.mayHaveUnusedCopies = true
        var isOfChange = false
        let actions = self.update(group, now) {
            let (isPart, actions) = $0.ended(worker, culprit: culprit, reason: reason, now: now)
            isOfChange = isPart
            return actions
        }
        return (isOfChange, actions)
    }

    /// New workers have replaced all others.
    package mutating func replaced(_ group: String?, now: Int) -> [DeploymentAction] {
        self.update(group, now) {
            $0.replaced()
            return []
        }
    }

    /// New workers did not start. `release`: the release that workers are started with from now on.
    package mutating func notReplaced(
        _ group: String?, release: Int, reason: String, now: Int
    ) -> [DeploymentAction] {
        let numbers = self.groups[group]?.rollBack(to: release, reason, now: now)
        self.log.logRollback(of: numbers, reason)
        return self.log.removeEntries()
    }

    /// A generation has crashed its workers too often, or at their first start (`isFirst`): workers without it are to
    /// take over. `isQuarantined`: whether another generation is quarantined.
    package mutating func quarantine(
        _ hash: String, of group: String?, isFirst: Bool, now: Int, isQuarantined: (String) -> Bool
    ) -> [DeploymentAction] {
        guard let plan = self.groups[group]?.plan else { return [] }
        let reason =
            isFirst
            ? "crashed in its startup"
            : "crashed \(plan.crashes) workers within \(plan.crashWindow) seconds"
        var quarantined: [DeployedApplication] = []
        let actions = self.update(group, now) {
            let (applications, action) = $0.quarantine(hash, reason, unless: isQuarantined)
            quarantined = applications
            return [action]
        }
        for application in quarantined { self.log.logQuarantine(application, hash, reason) }
        return self.log.removeEntries() + actions
    }

    /// All workers of a group have ended.
    package mutating func groupEnded(_ name: String) { self.groups[name] = nil }

    /// Forgets releases of a group except these, which workers have or may be started with.
    package mutating func releasesUsed(_ releases: Set<Int>, of group: String?) {
        if self.groups[group]?.removeReleases(except: releases) == true { self.mayHaveUnusedCopies = true }
    }

    private mutating func update(
        _ group: String?, _ now: Int, _ body: (inout GroupDeployment) -> [DeploymentAction]
    ) -> [DeploymentAction] {
        guard var deployment = self.groups[group] else { return [] }
        let actions = body(&deployment)
        let outcome = deployment.removeOutcome()
        self.groups[group] = deployment
        if let outcome {
            self.log.log(outcome, after: deployment.roster, current: self.roster, group: group, now: now)
        }
        return self.log.removeEntries() + actions
    }

    // MARK: Steps

    /// Appends steps to those that have not begun.
    mutating func append(_ steps: [MountStep]) { self.steps.append(steps) }

    /// Begins the steps that can begin now.
    mutating func advanceSteps(_ now: Int, _ workers: some DeploymentWorkers) -> [DeploymentAction] {
        var actions: [DeploymentAction] = []
        while let step = self.steps.first {
            // The previous step must be complete: no request is relayed to a group that does not have the application
            // yet. Only a step of the same group may begin while new workers are still taking over.
            if let last = self.steps.last, let group = self.groups[last.group] {
                guard !group.isChanging, workers.status(of: last.group).isSettled,
                    !group.isReplacing || last.group == step.group
                else { return actions }
            }
            guard let group = self.groups[step.group] else {
                guard let name = step.group, !step.applications.isEmpty else {
                    // The group has ended, and its applications with it.
                    self.steps.removeFirst()
                    continue
                }
                self.steps.beginFirst()
                self.addGroup(name)
                // The driver has to start its workers first.
                return actions + [.startGroup(name)]
            }
            guard !group.isChanging, workers.status(of: step.group).isSettled,
                let begun = self.beginStep(step, isReplacing: group.isReplacing, now, workers)
            else { return actions }
            actions += begun
        }
        return actions
    }

    /// Begins a step; nil if the workers are not ready for it.
    private mutating func beginStep(
        _ step: MountStep, isReplacing: Bool, _ now: Int, _ workers: some DeploymentWorkers
    ) -> [DeploymentAction]? {
        switch MountMethod(of: step, in: workers, areReplaced: isReplacing) {
        case .wait: return nil
        case .replaceWorkers(let reasons):
            self.steps.beginFirst()
            for application in step.applications {
                guard let reason = reasons[application.number] else { continue }
                self.log.log(.workerReplacementNeeded, application.logFields(reason: reason))
            }
            return self.update(step.group, now) { $0.replaceWorkers(for: step) }
        case .inPlace(let applications, let faults, let rest):
            let roster = self.roster(of: step.group).replacing(applications, removing: step.removed)
            if roster.applications.isEmpty, rest == nil, let name = step.group {
                self.steps.removeFirst()
                return [.stopGroup(name)]
            }
            self.steps.beginFirst(rest: rest)
            let ready = workers.status(of: step.group).ready
            return self.update(step.group, now) {
                $0.beginChange(
                    roster, adding: applications.map(\.number), faults: faults, removing: step.removed,
                    begun: step.begun, ready: ready, now: now)
            }
        }
    }

    /// Replaces the workers of these groups. Those that accept connections come last, since they relay to the others.
    mutating func replaceWorkers(of groups: Set<String?>, begun: Int) {
        for group in groups.compactMap({ $0 }).sorted() + (groups.contains(nil) ? [nil] : []) {
            self.steps.replaceWorkers(of: group, "requested", begun: begun)
        }
    }

    /// Adopts changed plans; the workers of these groups are replaced.
    private mutating func adoptPlans(begun: Int) -> [DeploymentAction] {
        var actions: [DeploymentAction] = []
        for name in self.wanted.groups.sorted() {
            let plan = self.deployment.plan(of: name)
            guard let group = self.groups[name], plan != group.plan else { continue }
            self.groups[name]?.adopt(plan)
            actions.append(.adopt(group: name, plan))
            self.steps.replaceWorkers(of: name, "worker settings have changed", begun: begun)
        }
        return actions
    }

    /// Withdraws changes that are still being prepared, if a newer scan has changed their applications again.
    mutating func withdraw(for declared: [DeclaredApplication], now: Int) -> [DeploymentAction] {
        self.groups.keys.flatMap { name in self.update(name, now) { $0.withdraw(for: declared, now: now) } }
    }

    /// Begins the change to the roster of `update`, which is wanted from now on.
    mutating func begin(_ update: RosterUpdate, from old: Roster, begun: Int) -> [DeploymentAction] {
        self.wanted = update.roster
        for name in self.groups.keys {
            self.groups[name]?.copyFaults(of: update.roster, except: Set(update.change.renewed))
        }
        self.steps.append(MountStep.steps(of: update.change, from: old, to: update.roster, begun: begun))
        self.replaceWorkers(of: update.replacedGroups, begun: begun)
        return self.adoptPlans(begun: begun)
    }

    /// Gives up late workers, and tries applications again that did not start.
    mutating func keepTime(_ now: Int, _ workers: some DeploymentWorkers) -> [DeploymentAction] {
        self.groups.keys.flatMap { name in
            var actions: [DeploymentAction] = []
            if let late = self.groups[name]?.giveUpLateWorkers(now: now), !late.isEmpty {
                actions.append(.kill(group: name, workers: late, reason: "did not apply a change in time"))
            }
            let status = workers.status(of: name)
            return actions + self.update(name, now) { $0.retry(ready: status.isCalm ? status.ready : nil, now: now) }
        }
    }

    // MARK: Copies of modules

    /// A scan has made copies.
    mutating func copiesMade() { self.mayHaveUnusedCopies = true }

    /// The generations that are served or wanted, for the removal of other copies. Nil if no copies can have become
    /// unused since the last call, or if steps have not begun.
    mutating func usedGenerations() -> [PreparedApplication]? {
        guard self.mayHaveUnusedCopies, self.steps.isEmpty else { return nil }
        self.mayHaveUnusedCopies = false
        return self.groups.values.flatMap(\.generations) + self.wanted.generations
    }
}
