import Logging
import RoostModules
package import RoostSystem

/// Which applications are served by which workers, and every change of it: takes facts, and returns what a driver has to do. A value without I/O;
/// times are milliseconds of the monotonic clock.
///
/// A change is a list of `MountStep`s, one group of workers after another. Each group (`GroupDeployment`) prepares it in one worker, then in the
/// others, and commits it in all; or new workers take over. What fails is as it was.
///
/// Drivers: `WorkerDeployment` (Supervision) for worker processes, `ProcessDeployment` (Roost) for a single process and for programs.
package struct DeploymentState {
    package private(set) var deployment: Deployment
    /// The scan that was acted on last.
    package private(set) var scan: Deployment.Scan
    /// All applications, as they were wanted last.
    private var wanted: Roster
    private var groups: [String?: GroupDeployment] = [:]
    private var steps = StepQueue()
    private var reloads = ReloadQueue()
    private var log = DeploymentLog()
    private var isStopping = false
    /// False: an application that did not start is gone.
    private let keepsFailing: Bool
    /// Some copies of modules may be unused.
    private var mayHaveUnusedCopies = false

    /// Throws `HostError` when an application that is required cannot be had.
    package init(_ deployment: Deployment, _ scan: Deployment.Scan) throws {
        self.deployment = deployment
        self.scan = scan
        self.keepsFailing = true
        var roster = Roster()
        let change = roster.update(to: scan.declared)
        if let refusal = change.refusals.first { throw HostError(code: .module, message: refusal) }
        self.wanted = roster
        self.addGroup(nil)
        for name in roster.groups { self.addGroup(name) }
        self.log.logFaults(of: roster)
    }

    /// For applications that a program gives its host: nothing is scanned, and what does not start is not tried again.
    package init(_ applications: [DeployedApplication], workers: WorkerPlan) {
        self.deployment = Deployment(preparation: ApplicationPreparation(), workers: workers)
        // How often a program mounts a file is up to the program.
        self.deployment.workers.allowance = LoadedImages.Allowance(images: .max, bytes: .max)
        self.scan = Deployment.Scan(entries: [])
        self.keepsFailing = false
        self.wanted = Roster(applications)
        self.addGroup(nil)
    }

    private mutating func addGroup(_ name: String?) {
        self.groups[name] = GroupDeployment(
            name: name, self.deployment.plan(of: name), self.wanted.view(of: name), keepsFailing: self.keepsFailing)
    }

    // MARK: What it is

    /// All applications, with their states in the workers that run them.
    package var roster: Roster {
        // What a program mounts is only in the group.
        self.keepsFailing ? self.wanted.updated(by: self.groups.mapValues(\.roster)) : self.roster(of: nil)
    }

    /// The names of the groups besides the workers that accept connections.
    package var groupNames: [String] { self.groups.keys.compactMap { $0 }.sorted() }

    package func plan(of group: String?) -> WorkerPlan { self.groups[group]?.plan ?? self.deployment.plan(of: group) }

    /// What the workers of a group serve, or are to.
    package func roster(of group: String?) -> Roster { self.groups[group]?.roster ?? Roster() }

    /// What a worker of this release is started with; nil: the release is forgotten.
    package func roster(of group: String?, release: Int) -> Roster? { self.groups[group]?.roster(ofRelease: release) }

    /// The rosters whose applications a worker of this release may have loaded.
    package func rosters(of group: String?, release: Int) -> [Roster] {
        self.groups[group]?.rosters(ofRelease: release) ?? []
    }

    /// Whether a reload that somebody waits for is under way.
    package var isReloading: Bool { self.log.report.isAsked }

    /// Modules and settings of declared applications: as they were scanned last, and as they serve.
    package var watchedFiles: Set<String> {
        let entries = self.scan.entries
        let keys = Set(entries.map(\.key))
        let served = self.roster.applications.filter { keys.contains($0.key) }.compactMap(\.prepared)
        var files = Set(entries.compactMap(\.file))
        for application in served + entries.compactMap(\.prepared) {
            files.insert(application.path)
            if let settings = application.settingsPath { files.insert(settings) }
            files.formUnion(application.staged.libraries.map(\.path))
        }
        return files
    }

    /// When something can be done though no fact comes; nil: nothing can.
    package var due: Int? {
        guard !self.isStopping else { return nil }
        return (self.groups.values.map(\.due) + [self.reloads.due]).compactMap { $0 }.min()
    }

    /// Removes and returns the log lines about the first scan, which `advance` returns otherwise.
    package mutating func removeLogLines() -> [DeploymentAction] { self.log.removeEntries() }

    // MARK: Facts: the operator and the files

    /// A reload is asked for, or follows from changed files.
    package mutating func reload(_ reload: PendingReload) {
        guard !self.isStopping else { return }
        self.reloads.add(reload)
    }

    /// Drop-in folders have changed; `faults`: those that cannot be read.
    package mutating func foldersChanged(faults: [String]) {
        self.reloads.addFolderChange()
        for fault in faults { self.log.log(.error, "drop-in folder: \(fault)") }
    }

    /// Everything ends: no further change begins.
    package mutating func stop() { self.isStopping = true }

    package mutating func scanned(_ outcome: ScanOutcome, now: Int) -> [DeploymentAction] {
        let asked = outcome.order.reloads
        guard self.reloads.endScan(of: asked) else { return [] }
        if !asked.isEmpty {
            if let remark = outcome.deployment.remark { self.log.log(.warning, remark) }
            // The plans of groups count for workers that are started from here on.
            self.deployment = outcome.deployment
        }
        switch outcome.result {
        case .success(let scan): self.reloads.add(scan, for: asked, begun: outcome.order.begun)
        case .failure(let error):
            // Changes of the folders have not been acted on.
            if !asked.isEmpty, !self.scan.listings.isEmpty { self.reloads.addFolderChange() }
            // Workers whose sockets were made again have to be replaced, whatever the files are.
            self.replaceWorkers(
                of: asked.reduce(into: []) { $0.formUnion($1.replacedGroups) }, begun: outcome.order.begun)
            if asked.contains(where: \.request.isAsked) {
                self.log.log(.error, "not reloaded, what was there serves on: \(error.message)")
                let faults = [error.message] + asked.flatMap(\.faults)
                return self.log.removeEntries() + [.answerReload("", fault: faults.joined(separator: "; "))]
            }
            self.log.log(.error, error.message)
            if error.code == .exhausted { self.reloads.putOff(asked, until: now + FolderEvents.pace) }
        }
        return self.log.removeEntries()
    }

    // MARK: Facts: workers

    /// A worker serves, but for applications that did not start.
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

    /// A worker has ended. `culprit`: the hash of the generation that is responsible; nil: none is. `isOfChange`: it is part of a change, which
    /// goes on without it: nothing else is to follow from the crash.
    package mutating func ended(
        _ worker: Int, of group: String?, culprit: String?, reason: String, now: Int
    ) -> (isOfChange: Bool, actions: [DeploymentAction]) {
        // Copies that it had mapped may not be needed any more.
        self.mayHaveUnusedCopies = true
        var isOfChange = false
        let actions = self.update(group, now) {
            let (isPart, actions) = $0.ended(worker, culprit: culprit, reason: reason, now: now)
            isOfChange = isPart
            return actions
        }
        return (isOfChange, actions)
    }

    /// New workers serve in place of all others.
    package mutating func replaced(_ group: String?, now: Int) -> [DeploymentAction] {
        self.update(group, now) {
            $0.replaced()
            return []
        }
    }

    /// New workers did not start; `release`: what workers are started with from here on.
    package mutating func notReplaced(
        _ group: String?, release: Int, reason: String, now: Int
    ) -> [DeploymentAction] {
        let numbers = self.groups[group]?.rollBack(to: release, reason, now: now)
        self.log.logRollback(of: numbers, reason)
        return self.log.removeEntries()
    }

    /// A generation has crashed its workers too often, or at their first start (`isFirst`): workers without it are to take over.
    /// `isQuarantined`: whether that is so of another generation.
    package mutating func quarantine(
        _ hash: String, of group: String?, isFirst: Bool, now: Int, isQuarantined: (String) -> Bool
    ) -> [DeploymentAction] {
        guard let plan = self.groups[group]?.plan else { return [] }
        let reason =
            isFirst
            ? "crashed at its start"
            : "has crashed \(plan.crashes) workers within \(plan.crashWindow) seconds"
        var quarantined: [DeployedApplication] = []
        let actions = self.update(group, now) {
            let (applications, action) = $0.quarantine(hash, reason, unless: isQuarantined)
            quarantined = applications
            return [action]
        }
        for application in quarantined { self.log.logQuarantine(application, hash, reason) }
        return self.log.removeEntries() + actions
    }

    /// The workers of a group have all ended.
    package mutating func groupEnded(_ name: String) { self.groups[name] = nil }

    /// Releases that workers of a group have, or may be started with.
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

    /// Does what can be done now. To be called whenever a fact may have made something possible, and when it is `due`.
    package mutating func advance(now: Int, _ workers: some DeploymentWorkers) -> [DeploymentAction] {
        guard !self.isStopping else { return self.log.removeEntries() }
        var actions = self.advanceSteps(now, workers)
        actions += self.beginChange(now, workers)
        actions += self.beginScan(now)
        for name in self.groups.keys {
            if let late = self.groups[name]?.giveUpLateWorkers(now: now), !late.isEmpty {
                actions.append(.kill(group: name, workers: late, reason: "did not take up a change in time"))
            }
            let status = workers.status(of: name)
            actions += self.update(name, now) { $0.retry(ready: status.isCalm ? status.ready : nil, now: now) }
        }
        if self.log.report.isAsked, self.reloads.isIdle, self.steps.isEmpty,
            self.groups.values.allSatisfy({ !$0.isChanging && !$0.isReplacing })
        {
            actions.append(self.log.endReload())
        }
        return actions + self.log.removeEntries() + self.removeCopies()
    }

    private mutating func beginScan(_ now: Int) -> [DeploymentAction] {
        guard let reloads = self.reloads.beginScan(now: now) else { return [] }
        let before = self.reloads.found?.scan ?? self.scan
        var known = self.roster.applications.compactMap(\.prepared)
        if reloads.isEmpty { known += before.declared.compactMap(\.prepared) }
        if reloads.contains(where: \.request.isForced) { known = [] }
        return [
            .scan(
                ScanOrder(reloads: reloads, begun: now, deployment: self.deployment, before: before, known: known))
        ]
    }

    /// Unused copies are removed when nothing is under way that makes or needs some.
    private mutating func removeCopies() -> [DeploymentAction] {
        guard self.mayHaveUnusedCopies, self.reloads.isIdle, self.steps.isEmpty else { return [] }
        self.mayHaveUnusedCopies = false
        let used =
            self.groups.values.flatMap(\.generations) + self.wanted.generations
            + self.scan.declared.compactMap(\.prepared)
        return [.removeCopies(except: used.map(\.staged.path))]
    }

    private mutating func advanceSteps(_ now: Int, _ workers: some DeploymentWorkers) -> [DeploymentAction] {
        var actions: [DeploymentAction] = []
        while let step = self.steps.first {
            // The step before has to be complete: no request is relayed to a group that does not have its application yet. But the workers
            // of that group themselves may be on their way to something older.
            if let last = self.steps.last, let group = self.groups[last.group] {
                guard !group.isChanging, workers.status(of: last.group).isSettled,
                    !group.isReplacing || last.group == step.group
                else { return actions }
            }
            guard let group = self.groups[step.group] else {
                guard let name = step.group, !step.applications.isEmpty else {
                    // What is removed from a group that has ended is gone.
                    self.steps.removeFirst()
                    continue
                }
                self.steps.beginFirst()
                self.addGroup(name)
                // Its workers are not there before the driver has started them.
                return actions + [.startGroup(name)]
            }
            guard !group.isChanging, workers.status(of: step.group).isSettled,
                let begun = self.beginStep(step, isReplacing: group.isReplacing, now, workers)
            else { return actions }
            actions += begun
        }
        return actions
    }

    /// Nil: the workers are not ready for it.
    private mutating func beginStep(
        _ step: MountStep, isReplacing: Bool, _ now: Int, _ workers: some DeploymentWorkers
    ) -> [DeploymentAction]? {
        switch MountMethod(of: step, in: workers, areReplaced: isReplacing) {
        case .wait: return nil
        case .replaceWorkers(let reasons):
            self.steps.beginFirst()
            for application in step.applications {
                guard let reason = reasons[application.number] else { continue }
                self.log.log(.info, "takes a new worker: \(reason)", application.logMetadata)
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

    // MARK: Changes

    /// Acts on what a scan has found, when no other change is under way.
    private mutating func beginChange(_ now: Int, _ workers: some DeploymentWorkers) -> [DeploymentAction] {
        guard let found = self.reloads.found else { return [] }
        var actions: [DeploymentAction] = []
        for name in self.groups.keys {
            actions += self.update(name, now) { $0.withdraw(for: found.scan.declared, now: now) }
        }
        guard self.steps.isEmpty, !self.groups.values.contains(where: \.isChanging) else { return actions }
        _ = self.reloads.removeFound()
        self.mayHaveUnusedCopies = true
        actions += self.apply(found)
        actions += self.advanceSteps(now, workers)
        self.log.logFaults(of: self.roster)
        return actions
    }

    private mutating func apply(_ found: ReloadQueue.Found) -> [DeploymentAction] {
        let old = self.roster
        let update = RosterUpdate(found, of: old)
        self.log.beginChange(isAsked: update.isAsked)
        for refusal in update.refusals {
            self.log.log(.error, "not reloaded: \(refusal)")
            self.log.refuse(refusal)
        }
        for fault in update.faults { self.log.refuse(fault) }
        guard !update.isEmpty else { return self.log.removeEntries() }
        let last = self.scan
        self.scan = update.keys.map { last.replacing($0, from: found.scan) } ?? found.scan
        self.wanted = update.roster
        for name in self.groups.keys {
            self.groups[name]?.copyFaults(of: update.roster, except: Set(update.change.renewed))
        }
        if update.isAsked {
            for (number, fault) in update.reportedFaults(since: old) { self.log.refuse(number, fault) }
        } else {
            for application in update.unchanged(found.scan, since: last) {
                self.log.log(
                    .info, "nothing to reload: the same bytes, with the same settings", application.logMetadata)
            }
        }
        if found.isWatched, update.change.isEmpty, update.change.failed.isEmpty {
            self.log.log(.info, "nothing to reload: every module is what it was")
        }
        self.steps.append(MountStep.steps(of: update.change, from: old, to: update.roster, begun: found.begun))
        self.replaceWorkers(of: update.replacedGroups, begun: found.begun)
        let adopted = self.adoptPlans(of: update.roster.groups, begun: found.begun)
        // Of applications that are not concerned nothing was acted on.
        let accepted = update.keys == nil ? [DeploymentAction.accept(found.scan.seen)] : []
        return self.log.removeEntries() + accepted + adopted
    }

    /// The workers that accept come last: they relay to the others.
    private mutating func replaceWorkers(of groups: Set<String?>, begun: Int) {
        for group in groups.compactMap({ $0 }).sorted() + (groups.contains(nil) ? [nil] : []) {
            self.steps.replaceWorkers(of: group, "that was asked for", begun: begun)
        }
    }

    /// Groups whose workers are planned otherwise get new ones.
    private mutating func adoptPlans(of names: Set<String>, begun: Int) -> [DeploymentAction] {
        var actions: [DeploymentAction] = []
        for name in names.sorted() {
            let plan = self.deployment.plan(of: name)
            guard let group = self.groups[name], plan != group.plan else { continue }
            self.groups[name]?.adopt(plan)
            actions.append(.adopt(group: name, plan))
            self.steps.replaceWorkers(of: name, "its workers are to be otherwise", begun: begun)
        }
        return actions
    }

    // MARK: A program's applications

    /// Mounts an application that a program gives its host; `answerReload` says how it went. No other change may be under way.
    package mutating func mount(_ application: DeployedApplication, now: Int) {
        self.log.beginChange(isAsked: true)
        self.steps.append([MountStep(group: nil, applications: [application], removed: [], begun: now)])
    }

    /// Unmounts an application of a program.
    package mutating func unmount(_ number: UInt32, now: Int) {
        self.log.beginChange(isAsked: true)
        self.steps.append([MountStep(group: nil, applications: [], removed: [number], begun: now)])
    }
}
