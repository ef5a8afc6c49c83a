import Glibc
import Logging

/// Changes of what is mounted while workers run, in two parts: all have it ready, then all have it.
extension WorkerGroup {
    /// How long a worker may take for its part beyond what applications may take to start, in milliseconds.
    private static let patience = 5000

    /// Begins, when all workers serve and none is on its way: they are to serve what this roster says.
    func begin(_ roster: Roster, adding: [UInt32], removing: [UInt32], now: Int) {
        let ready = self.workers.filter { self.fleet.member($0.id)?.state == .ready }.map(\.id)
        var change = MountChange(
            number: self.lastRelease + 1, roster, adding: adding, removing: removing,
            deadline: now + self.workerPlan.start * 1000 + Self.patience)
        let step = change.begin(ready)
        self.change = change
        self.follow(step)
    }

    /// A worker has done its part.
    func changed(_ worker: WorkerHandle, _ message: Message) {
        guard var change, message.fields["change"] == "\(change.number)" else { return }
        let step =
            message.name == "prepared" ? change.prepared(worker.id, message.faults) : change.committed(worker.id)
        self.change = change
        self.follow(step)
    }

    /// A worker has ended. Whether that is laid at the door of what is being changed.
    func settleInChange(_ worker: WorkerHandle, _ culprit: PreparedApplication?, _ reason: String) -> Bool {
        guard var change else { return false }
        let number = culprit.flatMap { culprit in
            change.adding.first { change.roster[$0]?.application?.hash == culprit.hash }
        }
        let wasCommitting = change.isCommitting
        let step = change.ended(worker.id, culprit: number, reason)
        self.change = change
        self.follow(step)
        return number != nil && !wasCommitting
    }

    /// Workers that do not answer to it are no good any more.
    func lookAtChange(_ now: Int) {
        guard let change, now >= change.deadline else { return }
        for id in change.late {
            guard let worker = self.worker(id), worker.killed == nil else { continue }
            worker.killed = "did not take up a change in time"
            Glibc.kill(worker.process, SIGKILL)
        }
    }

    private func follow(_ step: MountChange.Step) {
        switch step {
        case .nothing: break
        case .prepare(let ids):
            guard let change else { break }
            let message = Message(
                "prepare",
                InstalledApplication.texts(of: change.mounting.sorted().compactMap { change.roster.installed($0) })
                    .merging(["change": "\(change.number)"]) { $1 })
            for id in ids { self.worker(id)?.tell(message) }
        case .commit(let ids): self.commit(ids)
        case .done: self.settle()
        }
    }

    /// From here on it is so: who is started has it, who runs is told to mount it.
    private func commit(_ ids: [Int]) {
        guard let change else { return }
        let roster = self.outcome(of: change)
        let answered = change.faults.keys.sorted().compactMap { roster.installed($0, ifNew: self.roster) }
        let message = Message(
            "commit",
            InstalledApplication.texts(of: answered).merging([
                "change": "\(change.number)", "mount": Self.list(change.mounting), "remove": Self.list(change.removing),
            ]) { $1 })
        for id in ids { self.worker(id)?.tell(message) }
        self.change?.isAmended = true
        self.amend(roster, change)
    }

    /// What it has come to: those that did not start are as they were, or answered for.
    private func outcome(of change: MountChange) -> Roster {
        var roster = change.roster
        for (number, reason) in change.faults { roster.restore(number, from: self.roster, because: reason) }
        return roster
    }

    private func amend(_ roster: Roster, _ change: MountChange) {
        let old = self.roster
        let release = self.newRelease(roster)
        for worker in self.workers where worker.release == self.fleet.current { worker.release = release }
        self.fleet.amend(to: release)
        for number in change.removing.sorted() {
            guard let member = old[number] else { continue }
            self.logger.info("unmounted", metadata: Self.facts(member))
        }
        for number in change.mounting.sorted() {
            guard let member = roster[number] else { continue }
            self.logger.info("mounted", metadata: Self.facts(member))
        }
        for (number, reason) in change.faults.sorted(by: { $0.key < $1.key }) where old[number]?.fault != reason {
            guard let member = roster[number] else { continue }
            self.supervisor.toldFaults.insert(reason)
            let what = member.serves ? "goes on as it was" : "does not serve"
            self.logger.error("\(member.name) \(what): \(reason)", metadata: Self.facts(member))
        }
    }

    private func settle() {
        // Nobody was there to be told.
        if let change, !change.isAmended { self.amend(self.outcome(of: change), change) }
        self.change = nil
        self.startPostponed()
        self.forgetReleases()
        self.retrySoon()
    }

    static func facts(_ member: Roster.Member) -> Logger.Metadata {
        var facts: Logger.Metadata = [
            "application": "\(member.name)", "mount": "\(member.mount?.description ?? "nowhere")",
        ]
        if let application = member.application { facts["generation"] = "\(application.hash)" }
        return facts
    }

    private static func list(_ numbers: Set<UInt32>) -> String {
        numbers.sorted().map(String.init).joined(separator: " ")
    }

    // MARK: Another try

    /// Those that did not start are tried again, later and later.
    func retrySoon() {
        guard self.roster.members.contains(where: { $0.isFailing }) else {
            self.retries.reset()
            self.retryAt = nil
            return
        }
        guard self.retryAt == nil, self.change == nil else { return }
        self.retryAt = Supervisor.now() + max(self.retries.died(after: 0), Self.firstRetry)
    }

    private static let firstRetry = 1000

    func retry(_ now: Int) {
        guard let retryAt, now >= retryAt, self.change == nil, self.fleet.isCalm else { return }
        self.retryAt = nil
        var roster = self.roster
        let failing = roster.retryAll()
        guard !failing.isEmpty else { return }
        self.begin(roster, adding: failing, removing: [], now: now)
    }
}
