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
        let known = self.front.roster.applications
        return self.preparation.begin(.reload, self.plan.redeploy ?? { last }, or: last) { deployment in
            try deployment.look(at: listings, run: run, known: known)
        }
    }

    /// Looks at the drop-in folders, when something has happened in them.
    func followFolders() {
        if self.folders.look(now: Self.now()) { self.isFolderNew = true }
        guard self.isFolderNew, !self.front.fleet.isStopping else { return }
        let last = self.plan.deployment
        let listings = self.folders.listings
        let since = self.found ?? self.look
        let run = self.plan.run
        let known = self.front.roster.applications + since.candidates.compactMap { try? $0.outcome.get() }
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
        guard let look = self.found, self.front.change == nil, !self.front.fleet.isStopping else { return }
        guard !self.foundByReload else { return self.takeReload(look) }
        var roster = self.front.roster
        let change = roster.want(look.candidates)
        guard change.isEmpty || !change.renewed.isEmpty || self.front.fleet.isCalm else { return }
        self.found = nil
        self.look = look
        if change.isEmpty {
            self.front.roster = roster
        } else if change.renewed.isEmpty {
            self.front.begin(roster, adding: change.added, removing: change.removed, now: Self.now())
        } else {
            self.replace(by: roster)
        }
        self.tellFaults()
    }

    /// All or nothing: what serves and could not be had any more is a reason to go on with what was there.
    private func takeReload(_ look: Deployment.Look) {
        self.found = nil
        self.foundByReload = false
        var roster = self.front.roster
        roster.pardonAll()
        let change = roster.want(look.candidates)
        if let refusal = change.refusals.first {
            self.plan.logger.error("not reloaded, what was there serves on: \(refusal)")
            return self.settleReload(refusal)
        }
        self.look = look
        for application in roster.applications { self.front.fleet.pardon(application.hash) }
        self.replace(by: roster)
        self.tellFaults()
    }

    private func replace(by roster: Roster) {
        var roster = roster
        roster.insist(true)
        self.front.perform(
            self.front.fleet.replace(by: self.front.newRelease(roster), because: .reload, now: Self.now()))
    }

    /// Says once of each application that does not serve, or of its file on disk, what is wrong.
    func tellFaults() {
        let faults = self.front.roster.members.compactMap { member in
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
