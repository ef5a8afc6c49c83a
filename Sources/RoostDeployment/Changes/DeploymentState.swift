import Logging
import RoostModules
import RoostSystem

/// Decides which workers serve which applications, and every change of that: takes events, and returns actions for a
/// driver. A value type without I/O; times are milliseconds of the monotonic clock.
///
/// Reloads and changed files lead to a scan (`ReloadQueue`), and its result to a change (`RosterUpdate`), which the
/// `Rollout` carries out. Events of workers go to the rollout directly. A driver calls `advance` after each event.
///
/// Drivers: `WorkerDeployment` (Supervision) for worker processes, `ProcessDeployment` (Roost) for a single process and
/// for embedding programs.
package struct DeploymentState {
    package var rollout: Rollout
    /// The last scan that was acted on.
    package private(set) var scan: Deployment.Scan
    private var reloads = ReloadQueue()
    private var isStopping = false

    /// Throws `HostError` if a required application could not be prepared.
    package init(_ deployment: Deployment, _ scan: Deployment.Scan) throws {
        self.scan = scan
        var roster = Roster()
        let change = roster.update(to: scan.declared)
        if let refusal = change.refusals.first { throw HostError(code: .module, message: refusal) }
        self.rollout = Rollout(roster, deployment, keepsFailing: true)
        self.rollout.log.logFaults(of: roster)
    }

    /// For applications of an embedding program: no files are scanned, and applications that do not start are not tried
    /// again.
    package init(_ applications: [DeployedApplication], workers: WorkerPlan) {
        var deployment = Deployment(preparation: ApplicationPreparation(), workers: workers)
        // The program decides how often it mounts a file.
        deployment.workers.allowance = LoadedImages.Allowance(images: .max, bytes: .max)
        self.scan = Deployment.Scan(entries: [])
        self.rollout = Rollout(Roster(applications), deployment, keepsFailing: false)
    }

    // MARK: State

    /// All applications, with their states in the workers that run them.
    package var roster: Roster { self.rollout.roster }

    /// Whether a reload with a waiting caller is in progress.
    package var isReloading: Bool { self.rollout.isReloading }
    /// Whether every requested reload has ended.
    package var isSettled: Bool { self.reloads.isIdle && self.rollout.isComplete }
    /// Why the declarations could not be read again; nil if they could.
    package private(set) var scanFault: String?

    /// The modules, settings and templates of declared applications: those scanned last, and those that serve.
    package var watchedFiles: Set<String> {
        let entries = self.scan.entries
        let keys = Set(entries.map(\.key))
        let served = self.roster.applications.filter { keys.contains($0.key) }.compactMap(\.prepared)
        var files = Set(entries.compactMap(\.file))
        for application in served + entries.compactMap(\.prepared) {
            files.insert(application.path)
            if let settings = application.settingsPath { files.insert(settings) }
            files.formUnion(application.staged.libraries.map(\.path))
            files.formUnion(application.templates)
        }
        return files
    }

    /// When `advance` must be called without an event; nil for no such time.
    package var due: Int? {
        guard !self.isStopping else { return nil }
        return [self.rollout.due, self.reloads.due].compactMap { $0 }.min()
    }

    /// Removes and returns the log lines about the first scan, which `advance` would return otherwise.
    package mutating func removeLogLines() -> [DeploymentAction] { self.rollout.log.removeEntries() }

    // MARK: Events of the operator and the files

    /// Queues a reload that was requested, or that follows from changed files.
    package mutating func reload(_ reload: PendingReload) {
        guard !self.isStopping else { return }
        self.reloads.add(reload)
    }

    /// Drop-in folders have changed. `faults`: those that cannot be read.
    package mutating func foldersChanged(faults: [String]) {
        self.reloads.addFolderChange()
        for fault in faults { self.rollout.log.log(.folderUnreadable, ["reason": "\(fault)"]) }
    }

    /// Shutdown: no further change begins.
    package mutating func stop() { self.isStopping = true }

    package mutating func scanned(_ outcome: ScanOutcome, now: Int) -> [DeploymentAction] {
        let asked = outcome.order.reloads
        guard self.reloads.endScan(of: asked) else { return [] }
        if !asked.isEmpty {
            if let changed = outcome.deployment.restartSettings {
                self.rollout.log.log(.restartNeeded, ["settings": "\(changed)"])
            }
            // The plans of groups apply to workers that are started from now on.
            self.rollout.deployment = outcome.deployment
        }
        switch outcome.result {
        case .success(let scan):
            self.scanFault = nil
            self.reloads.add(scan, for: asked, begun: outcome.order.begun)
        case .failure(let error):
            self.scanFault = error.message
            // The changes of the folders were not acted on.
            if !asked.isEmpty, !self.scan.listings.isEmpty { self.reloads.addFolderChange() }
            // Workers whose sockets were recreated must be replaced, whatever the files are.
            self.rollout.replaceWorkers(
                of: asked.reduce(into: []) { $0.formUnion($1.replacedGroups) }, begun: outcome.order.begun)
            if asked.contains(where: \.request.isAsked) {
                self.rollout.log.log(.reloadFailed, ["reason": "\(error.message)"])
                let faults = [error.message] + asked.flatMap(\.faults)
                return self.rollout.log.removeEntries() + [.answerReload("", fault: faults.joined(separator: "; "))]
            }
            self.rollout.log.log(.reloadFailed, ["reason": "\(error.message)"])
            if error.code == .exhausted { self.reloads.putOff(asked, until: now + FolderEvents.pace) }
        }
        return self.rollout.log.removeEntries()
    }

    // MARK: Changes

    /// Does what can be done now. Must be called after each event, and when `due`.
    package mutating func advance(now: Int, _ workers: some DeploymentWorkers) -> [DeploymentAction] {
        guard !self.isStopping else { return self.rollout.log.removeEntries() }
        var actions = self.rollout.advanceSteps(now, workers)
        actions += self.beginChange(now, workers)
        actions += self.beginScan(now)
        actions += self.rollout.keepTime(now, workers)
        if self.isReloading, self.reloads.isIdle, self.rollout.isComplete {
            actions.append(self.rollout.log.endReload())
        }
        return actions + self.rollout.log.removeEntries() + self.removeCopies()
    }

    private mutating func beginScan(_ now: Int) -> [DeploymentAction] {
        guard let reloads = self.reloads.beginScan(now: now) else { return [] }
        let before = self.reloads.found?.scan ?? self.scan
        var known = self.roster.applications.compactMap(\.prepared)
        if reloads.isEmpty { known += before.declared.compactMap(\.prepared) }
        if reloads.contains(where: \.request.isForced) { known = [] }
        return [
            .scan(
                ScanOrder(
                    reloads: reloads, begun: now, deployment: self.rollout.deployment, before: before, known: known))
        ]
    }

    /// Removes unused copies, unless a reload or a change that makes or needs copies is pending.
    private mutating func removeCopies() -> [DeploymentAction] {
        guard self.reloads.isIdle, let generations = self.rollout.usedGenerations() else { return [] }
        let used = generations + self.scan.declared.compactMap(\.prepared)
        return [.removeCopies(except: used.map(\.staged.path))]
    }

    /// Acts on the result of a scan, unless another change is in progress.
    private mutating func beginChange(_ now: Int, _ workers: some DeploymentWorkers) -> [DeploymentAction] {
        guard let found = self.reloads.found else { return [] }
        var actions = self.rollout.withdraw(for: found.scan.declared, now: now)
        guard self.rollout.canBegin else { return actions }
        _ = self.reloads.removeFound()
        self.rollout.copiesMade()
        actions += self.apply(found)
        actions += self.rollout.advanceSteps(now, workers)
        self.rollout.log.logFaults(of: self.roster)
        return actions
    }

    private mutating func apply(_ found: ReloadQueue.Found) -> [DeploymentAction] {
        let old = self.roster
        let update = RosterUpdate(found, of: old)
        self.rollout.log.beginChange(isAsked: update.isAsked)
        for refusal in update.refusals {
            self.rollout.log.log(.reloadFailed, ["reason": "\(refusal)"])
            self.rollout.log.refuse(refusal)
        }
        for fault in update.faults { self.rollout.log.refuse(fault) }
        if update.isAsked, let settings = self.rollout.deployment.restartSettings {
            self.rollout.log.note("changed settings need a restart: \(settings)")
        }
        guard !update.isEmpty else { return self.rollout.log.removeEntries() }
        let last = self.scan
        self.scan = update.keys.map { last.replacing($0, from: found.scan) } ?? found.scan
        let actions = self.rollout.begin(update, from: old, begun: found.begun)
        if update.isAsked {
            for (number, fault) in update.reportedFaults(since: old) { self.rollout.log.refuse(number, fault) }
        } else {
            for application in update.unchanged(found.scan, since: last) {
                self.rollout.log.log(.nothingToReload, application.logFields)
            }
        }
        if found.isWatched, update.change.isEmpty, update.change.failed.isEmpty {
            self.rollout.log.log(.nothingToReload)
        }
        // A reload of named applications has not acted on the files of the others.
        let accepted = update.keys == nil ? [DeploymentAction.accept(found.scan.seen)] : []
        return self.rollout.log.removeEntries() + accepted + actions
    }

    // MARK: Applications of an embedding program

    /// Mounts an application of an embedding program; `answerReload` reports the result. Must not be called while
    /// another change is in progress.
    package mutating func mount(_ application: DeployedApplication, now: Int) {
        self.rollout.log.beginChange(isAsked: true)
        self.rollout.append([MountStep(group: nil, applications: [application], removed: [], begun: now)])
    }

    /// Unmounts an application of an embedding program.
    package mutating func unmount(_ number: UInt32, now: Int) {
        self.rollout.log.beginChange(isAsked: true)
        self.rollout.append([MountStep(group: nil, applications: [], removed: [number], begun: now)])
    }
}
