import Glibc
import Logging
import RoostDeployment

/// Changes of what is mounted while workers run, in two parts: all have it ready, then all have it.
extension WorkerGroup {
    /// How long a worker may take for its part beyond what applications may take to start, in milliseconds.
    private static let patience = 5000

    /// Begins, when all workers serve and none is on its way: they are to serve what this roster says.
    package func begin(_ roster: Roster, adding: [UInt32], removing: [UInt32], begun: Int) {
        let now = Supervisor.now()
        let ready = self.workers.filter { self.fleet.member($0.id)?.state == .ready }.map(\.id)
        var change = MountChange(
            number: self.lastRelease + 1, roster, adding: adding, removing: removing,
            deadline: now + self.workerPlan.start * 1000 + Self.patience)
        change.begun = begun
        let step = change.begin(ready)
        self.change = change
        self.follow(step)
    }

    /// A worker has done its part.
    package func changed(_ worker: WorkerHandle, _ message: Message) {
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

    /// Something newer was found: what is being prepared for the same applications is not waited for.
    func withdraw(for candidates: [Candidate]) {
        // What is new to them has nothing to go back to: it is waited for.
        guard var change, !change.isCommitting, change.adding.allSatisfy({ self.roster[$0] != nil }) else { return }
        let isOld = change.adding.contains { number in
            guard let member = change.roster[number], let application = member.application else { return false }
            guard let candidate = candidates.first(where: { $0.key == member.key }) else { return true }
            // What cannot be had takes nobody's place.
            return (try? candidate.outcome.get()).map { !$0.isSame(as: application) } ?? false
        }
        guard isOld else { return }
        let step = change.withdraw()
        self.change = change
        self.follow(step)
    }

    private func follow(_ step: MountChange.Step) {
        switch step {
        case .nothing: break
        case .prepare(let ids):
            guard let change else { break }
            let applications = change.mounting.sorted().compactMap { change.roster.installed($0) }
            let message = Message(
                "prepare",
                InstalledApplication.texts(of: applications).merging(["change": "\(change.number)"]) { $1 })
            for worker in ids.compactMap(self.worker) {
                for application in applications { worker.images.load(application) }
                worker.tell(message)
            }
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
        self.amend(roster, change)
    }

    /// What it has come to: those that did not start are as they were, or answered for.
    private func outcome(of change: MountChange) -> Roster {
        var roster = change.roster
        if change.isWithdrawn { roster.withdraw(change.adding, from: self.roster) }
        for (number, reason) in change.faults { roster.restore(number, from: self.roster, because: reason) }
        return roster
    }

    private func amend(_ roster: Roster, _ change: MountChange) {
        self.change?.before = self.roster
        let release = self.newRelease(roster)
        for worker in self.workers where worker.release == self.fleet.current { worker.release = release }
        self.fleet.amend(to: release)
    }

    private func settle() {
        // Nobody was there to be told.
        if let change, !change.isAmended { self.amend(self.outcome(of: change), change) }
        if let change, let before = change.before {
            self.supervisor.areGone(change.removing.sorted(), from: before)
            self.supervisor.haveChanged(
                change.mounting.sorted(), in: self.roster, since: before, by: "in place", begun: change.begun)
            self.supervisor.haveFailed(change.isWithdrawn ? [:] : change.faults, in: self.roster, since: before)
        }
        self.change = nil
        self.startPostponed()
        self.forgetReleases()
        self.retrySoon()
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
        self.begin(roster, adding: failing, removing: [], begun: now)
    }
}
