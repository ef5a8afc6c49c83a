import Logging
package import RoostDeployment
import RoostSystem

/// What is on disk now: looked at since somebody asked for a reload, or since something has happened to a file.
extension Supervisor {
    /// What was found, and waits until workers can be changed.
    package struct Found {
        package var look: Deployment.Look
        /// For whom, the oldest first.
        package var requests: [ReloadRequest]
        var begun: Int
        /// Files were written that are watched since `--reload` says so.
        var isWatched = false
    }

    /// Begins a reload; `client` waits for how it goes.
    package func reload(_ request: ReloadRequest, for client: CInt? = nil) {
        guard !self.front.fleet.isStopping else { return }
        if let client { self.control.awaitReload(client) }
        if request.isAsked {
            self.plan.logger.info("reloading")
            self.notice.tellReloading()
        }
        self.requests.append(request)
        self.beginLook()
    }

    /// Looks at what is to be looked at. Whatever is asked for while that goes on is looked at once more: the newest wins.
    private func beginLook() {
        guard !self.preparation.isRunning, !self.front.fleet.isStopping, Self.now() >= self.nextPreparation else {
            return
        }
        let last = self.plan.deployment
        let run = self.plan.run
        let before = self.found?.look ?? self.look
        let known = self.roster.members.compactMap(\.application)
        let task = Preparation.Task(requests: self.requests, begun: Self.now())
        guard task.requests.isEmpty else {
            let listings = self.folders.listingsNow
            (self.requests, self.isFolderNew) = ([], false)
            let isForced = task.requests.contains(where: \.isForced)
            return self.preparation.begin(task, self.plan.redeploy ?? { last }, or: last) { deployment in
                try deployment.look(at: listings, before: before, run: run, known: isForced ? [] : known)
            }
        }
        guard self.isFolderNew else { return }
        self.isFolderNew = false
        let listings = self.folders.listings
        let all = known + before.candidates.compactMap { try? $0.outcome.get() }
        self.preparation.begin(task, { last }, or: last) { deployment in
            try deployment.look(at: listings, since: before, run: run, known: all)
        }
    }

    /// Looks at the drop-in folders, when something has happened in them.
    func followFolders() {
        if self.folders.look(now: Self.now()) {
            self.isFolderNew = true
            for fault in self.folders.listings.compactMap(\.fault) {
                self.plan.logger.error("drop-in folder: \(fault)")
            }
        }
        self.beginLook()
    }

    func takePreparation() {
        if let outcome = self.preparation.take() { self.take(outcome) }
        self.takeFound()
        self.settleReload()
    }

    private func take(_ outcome: Preparation.Outcome) {
        var task = outcome.task
        guard self.requests.isEmpty || task.requests.isEmpty else {
            self.requests = task.requests + self.requests
            return self.beginLook()
        }
        if !task.requests.isEmpty {
            if let remark = outcome.deployment.remark { self.plan.logger.warning("\(remark)") }
            // How groups are to be counts for those that are started from here on.
            self.plan.deployment = outcome.deployment
        }
        // What has happened in the folders meanwhile has not been taken up.
        if case .failure = outcome.look, !task.requests.isEmpty { self.isFolderNew = !self.folders.listings.isEmpty }
        switch outcome.look {
        case .success(let look):
            let isWatched = task.requests.contains { !$0.isAsked }
            if task.requests.isEmpty { task.requests = [ReloadRequest()] }
            self.found = Found(
                look: look, requests: (self.found?.requests ?? []) + task.requests,
                begun: self.found?.begun ?? task.begun, isWatched: isWatched)
        case .failure(let error) where task.requests.contains(where: \.isAsked):
            self.plan.logger.error("not reloaded, what was there serves on: \(error.message)")
            self.answerReload("", fault: error.message)
        case .failure(let error):
            self.plan.logger.error("\(error.message)")
            guard error.code == .exhausted else { break }
            // The files may be in order: they are looked at again when the system may have more to give.
            self.requests = task.requests + self.requests
            self.isFolderNew = self.isFolderNew || task.requests.isEmpty
            self.nextPreparation = Self.now() + FolderEvents.pace
        }
    }

    /// Takes up what was found, when no other change is under way.
    private func takeFound() {
        self.advance()
        guard let found = self.found, !self.front.fleet.isStopping else { return }
        for group in self.all { group.withdraw(for: found.look.candidates) }
        guard self.steps.isEmpty, self.all.allSatisfy({ $0.change == nil }) else { return }
        self.found = nil
        self.hasOldCopies = true
        self.take(found)
    }

    private func take(_ found: Found) {
        if !self.report.isAsked { self.report = ReloadReport() }
        let isAsked = found.requests.contains(where: \.isAsked)
        self.report.isAsked = self.report.isAsked || isAsked
        let old = self.roster
        var new = old
        var change = Roster.Change()
        var taken: Set<String>? = []
        // Groups that are to have new workers, whatever could be done in place.
        var moved: Set<String?> = []
        for request in found.requests {
            do {
                let keys = try request.keys(of: new.members, found.look.candidates)
                change.follow(with: new.want(found.look.candidates, for: request, only: keys))
                taken = keys.flatMap { keys in taken.map { $0.union(keys) } }
                guard request.inNewWorkers else { continue }
                if keys == nil { moved.formUnion([nil] + Array(new.groups)) }
                moved.formUnion(new.members.filter { keys?.contains($0.key) ?? false }.map(\.group))
            } catch {
                let error = HostError(error)
                self.plan.logger.error("not reloaded: \(error.message)")
                self.report.fail(.max, error.message)
            }
        }
        if isAsked {
            do { try self.control.restore() } catch { self.plan.logger.error("\(error)") }
            if self.rebindGoneSockets() { moved.insert(nil) }
            moved.formUnion(self.unreachableGroups)
        }
        guard taken != [] || !moved.isEmpty else { return }
        let last = self.look
        self.look = taken.map { last.taking($0, of: found.look) } ?? found.look
        // Of those that were not taken nothing was acted on.
        if taken == nil { self.watch?.accept(found.look.seen) }
        self.wanted = new
        self.note(change, from: old, to: new, isAsked: isAsked, taken)
        if !isAsked { self.tellSame(found.look, since: last, change) }
        if found.isWatched, change.isEmpty, change.failed.isEmpty {
            self.plan.logger.info("nothing to reload: every module is what it was")
        }
        var steps = MountStep.steps(of: change, from: old, to: new, begun: found.begun)
        // Those that accept last: they ask the others.
        for group in moved.compactMap({ $0 }).sorted() + (moved.contains(nil) ? [nil] : []) {
            Self.replace(group, "that was asked for", &steps, found.begun)
        }
        self.adoptPlans(of: new.groups, &steps, begun: found.begun)
        self.steps = steps
        self.advance()
        self.tellFaults()
    }

    /// Writes down what is wrong, and tells whoever asked: of those that were named, that served, or whose fault is news.
    private func note(
        _ change: Roster.Change, from old: Roster, to new: Roster, isAsked: Bool, _ named: Set<String>?
    ) {
        for group in self.all { group.roster.note(new, but: Set(change.renewed)) }
        guard isAsked else { return }
        for number in change.failed {
            guard let member = new[number], let fault = member.fault else { continue }
            let before = old[number]
            if named?.contains(member.key) ?? (before?.serves ?? true || before?.fault != fault) {
                self.report.fail(number, fault)
            }
        }
    }

    /// A file was written, and has the bytes that it had.
    private func tellSame(_ look: Deployment.Look, since last: Deployment.Look, _ change: Roster.Change) {
        for key in look.touched(since: last) {
            guard let member = self.wanted.members.first(where: { $0.key == key }), member.fault == nil,
                !(change.added + change.renewed).contains(member.number)
            else { continue }
            self.plan.logger.info(
                "nothing to reload: the same bytes, with the same settings", metadata: member.logMetadata)
        }
    }

    /// Groups whose workers are to be otherwise get new ones.
    private func adoptPlans(of groups: Set<String>, _ steps: inout [MountStep], begun: Int) {
        for name in groups.sorted() {
            let plan = self.plan.deployment.plan(of: name)
            guard let group = self.groups[name], plan != group.workerPlan else { continue }
            group.adopt(plan)
            Self.replace(name, "its workers are to be otherwise", &steps, begun)
        }
    }

    private static func replace(_ group: String?, _ why: String, _ steps: inout [MountStep], _ begun: Int) {
        if let at = steps.firstIndex(where: { $0.group == group }) {
            steps[at].wantsNewWorkers = why
        } else {
            steps.append(MountStep(group: group, members: [], removed: [], wantsNewWorkers: why, begun: begun))
        }
    }

    // MARK: How it has gone

    /// Whoever waits for a reload is told, when nothing of it is under way any more.
    private func settleReload() {
        guard self.report.isAsked, self.found == nil, self.steps.isEmpty, self.requests.isEmpty,
            !self.preparation.isRunning, self.all.allSatisfy({ $0.change == nil && !$0.fleet.isReloading })
        else { return }
        let report = self.report
        self.report = ReloadReport()
        if report.fault == nil, report.text == ReloadReport.nothing { self.plan.logger.info("\(report.text)") }
        self.answerReload(report.text, fault: report.fault)
    }

    private func answerReload(_ text: String, fault: String?) {
        self.notice.tell("READY=1", fault == nil ? "STATUS=serving" : "STATUS=serving, a reload was refused")
        self.control.settleReloads(text, fault: fault)
    }

    /// Says once of each application that does not serve, or of its file on disk, what is wrong.
    func tellFaults() {
        let members = self.roster.members
        for member in members {
            guard let fault = member.fault, let complaint = member.complaint, !self.toldFaults.contains(fault) else {
                continue
            }
            self.plan.logger.error("\(complaint)", metadata: member.logMetadata)
        }
        self.toldFaults = Set(members.compactMap(\.fault))
    }
}
