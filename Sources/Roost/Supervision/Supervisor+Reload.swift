import Logging

/// What is on disk now: looked at for a reload, or since something has happened in a drop-in folder.
extension Supervisor {
    /// Begins a reload; `client` waits for how it goes.
    func reload(for client: CInt?) {
        guard !self.front.fleet.isStopping else { return }
        if let client { self.control.awaitReload(client) }
        guard self.beginReload() else {
            // The newest wins: what is under way may have looked at the files too early.
            self.wantsAnotherReload = true
            return
        }
        self.plan.logger.info("reloading")
        self.notice.tellReloading()
    }

    private func beginReload() -> Bool {
        let last = self.plan.deployment
        let listings = self.folders.listings
        let run = self.plan.run
        let known = self.roster.applications
        let before = self.found ?? self.look
        return self.preparation.begin(.reload, self.plan.redeploy ?? { last }, or: last) { deployment in
            try deployment.look(at: listings, before: before, run: run, known: known)
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
        guard self.isFolderNew, !self.front.fleet.isStopping else { return }
        let last = self.plan.deployment
        let listings = self.folders.listings
        let since = self.found ?? self.look
        let run = self.plan.run
        let known = self.roster.applications + since.candidates.compactMap { try? $0.outcome.get() }
        let begins = self.preparation.begin(.folder, { last }, or: last) { deployment in
            try deployment.look(at: listings, since: since, run: run, known: known)
        }
        if begins { self.isFolderNew = false }
    }

    func takePreparation() {
        if let outcome = self.preparation.take() { self.take(outcome) }
        self.takeFound()
    }

    private func take(_ outcome: Preparation.Outcome) {
        if self.wantsAnotherReload {
            self.wantsAnotherReload = false
            if self.beginReload() { return }
        }
        if case .reload = outcome.cause, let remark = outcome.deployment.remark {
            self.plan.logger.warning("\(remark)")
        }
        // How groups are to be counts for those that are started from here on.
        if case .reload = outcome.cause { self.plan.deployment = outcome.deployment }
        switch (outcome.cause, outcome.look) {
        case (_, .success(let look)):
            self.found = look
            if case .reload = outcome.cause { self.foundByReload = true }
        case (.folder, .failure(let error)): self.plan.logger.error("\(error.message)")
        case (.reload, .failure(let error)):
            self.plan.logger.error("not reloaded, what was there serves on: \(error.message)")
            self.settleReload(error.message)
        }
    }

    /// Takes up what was found, when no other change is under way.
    private func takeFound() {
        self.advance()
        guard let look = self.found, self.steps.isEmpty, self.all.allSatisfy({ $0.change == nil }),
            !self.front.fleet.isStopping
        else { return }
        guard !self.foundByReload else { return self.takeReload(look) }
        let old = self.roster
        var new = old
        let change = new.want(look.candidates)
        self.found = nil
        self.hasOldCopies = true
        self.look = look
        self.wanted = new
        if change.isEmpty {
            for group in self.all { group.roster = new.view(of: group.name) }
        } else {
            self.steps = MountStep.steps(of: change, from: old, to: new)
            self.advance()
        }
        self.tellFaults()
    }

    /// Does the next part of a change, when the one before is done.
    private func advance() {
        while let step = self.steps.first, !self.front.fleet.isStopping {
            // The part before has to be there: nobody is to be asked who does not have it yet.
            if let last = self.lastStep, last.change != nil || last.fleet.isReloading || !last.isSettled { return }
            guard let group = step.group.map({ self.groups[$0] }) ?? self.front else {
                self.steps.removeFirst()
                // What is gone has nothing to give up.
                guard !step.roster.members.isEmpty else { continue }
                let group = self.addGroup(step.group ?? "")
                self.lastStep = group
                group.perform(group.fleet.begin(now: Self.now()))
                continue
            }
            guard group.change == nil, group.isSettled else { return }
            if step.isRenewed {
                self.steps.removeFirst()
                self.lastStep = group
                self.replace(group, by: step.roster)
            } else {
                guard group.fleet.isCalm || group.fleet.isFailing else { return }
                self.steps.removeFirst()
                if step.roster.members.isEmpty, group.name != nil {
                    group.stop(atOnce: false, now: Self.now())
                } else {
                    self.lastStep = group
                    group.begin(step.roster, adding: step.added, removing: step.removed, now: Self.now())
                }
            }
        }
    }

    /// All or nothing: what serves and could not be had any more is a reason to go on with what was there.
    private func takeReload(_ look: Deployment.Look) {
        self.found = nil
        self.foundByReload = false
        let old = self.roster
        var new = old
        new.pardonAll()
        let change = new.want(look.candidates)
        self.hasOldCopies = true
        if let refusal = change.refusals.first {
            self.plan.logger.error("not reloaded, what was there serves on: \(refusal)")
            return self.settleReload(refusal)
        }
        self.look = look
        self.wanted = new
        self.reloading = [nil]
        self.reloadFaults = []
        for name in new.groups.sorted() {
            guard let group = self.groups[name] else {
                let group = self.addGroup(name)
                group.perform(group.fleet.begin(now: Self.now()))
                continue
            }
            group.workerPlan = self.plan.deployment.plan(of: name)
            self.reloading.insert(name)
        }
        for group in self.all where self.reloading.contains(group.name) {
            for application in new.applications { group.fleet.pardon(application.hash) }
            self.replace(group, by: new.view(of: group.name))
        }
        for (name, group) in self.groups where !new.groups.contains(name) { group.stop(atOnce: false, now: Self.now()) }
        self.tellFaults()
    }

    private func replace(_ group: WorkerGroup, by roster: Roster) {
        var roster = roster
        roster.insist(true)
        group.perform(group.fleet.replace(by: group.newRelease(roster), because: .reload, now: Self.now()))
    }

    /// A group says how its part of a reload went.
    func isReloaded(_ group: WorkerGroup, _ fault: String?) {
        guard self.reloading.remove(group.name) != nil else { return }
        if let fault { self.reloadFaults.append(fault) }
        guard self.reloading.isEmpty else { return }
        self.settleReload(self.reloadFaults.isEmpty ? nil : self.reloadFaults.joined(separator: "; "))
    }

    /// Says once of each application that does not serve, or of its file on disk, what is wrong.
    func tellFaults() {
        let faults = self.roster.members.compactMap { member in
            member.fault.map { (member, $0) }
        }
        for (member, fault) in faults where !self.toldFaults.contains(fault) {
            self.plan.logger.error(
                member.serves
                    ? "\(member.name) goes on as it was: \(fault)" : "\(member.name) does not serve: \(fault)",
                metadata: WorkerGroup.facts(member))
        }
        self.toldFaults = Set(faults.map(\.1))
    }
}
