import Logging
import RoostDeployment
import RoostSettings

/// The parts of a change, one after another.
extension Supervisor {
    /// Does the next part, when the one before is done.
    func advance() {
        while let step = self.steps.first, !self.front.fleet.isStopping {
            // The part before has to be there: nobody is to be asked who does not have it yet. But its own workers may be on their way
            // to something older.
            if let last = self.lastStep {
                guard last.change == nil, last.isSettled, !last.fleet.isReloading || last.name == step.group else {
                    return
                }
            }
            guard let group = step.group.map({ self.groups[$0] }) ?? self.front else {
                self.steps.removeFirst()
                self.begin(step)
                continue
            }
            guard group.change == nil, group.isSettled, self.perform(step, in: group) else { return }
        }
    }

    /// A group that nobody has had; what is gone from one that is not there has nothing to give up.
    private func begin(_ step: MountStep) {
        guard let name = step.group, !step.members.isEmpty else { return }
        let group = self.addGroup(name)
        self.lastStep = group
        group.perform(group.fleet.begin(now: Self.now()))
    }

    /// False: not yet.
    private func perform(_ step: MountStep, in group: WorkerGroup) -> Bool {
        let obstacles = step.wantsNewWorkers == nil ? group.obstacles(to: step.members) : [:]
        guard step.wantsNewWorkers == nil, obstacles.count < max(step.members.count, 1) else {
            self.steps.removeFirst()
            self.lastStep = group
            for member in step.members {
                guard let why = obstacles[member.number] else { continue }
                group.logger.info("takes a new worker: \(why)", metadata: member.logMetadata)
            }
            group.replaceWorkers(step)
            return true
        }
        guard group.fleet.isCalm || group.fleet.isFailing else { return false }
        self.steps.removeFirst()
        if !obstacles.isEmpty {
            // What can be done in place is not held up by what cannot.
            let rest = step.members.filter { obstacles[$0.number] != nil }
            self.steps.insert(MountStep(group: step.group, members: rest, removed: [], begun: step.begun), at: 0)
        }
        let members = step.members.filter { obstacles[$0.number] == nil }
        let roster = group.roster.taking(members, removing: step.removed)
        if roster.members.isEmpty, obstacles.isEmpty, group.name != nil {
            group.stop(atOnce: false, now: Self.now())
        } else {
            self.lastStep = group
            group.begin(roster, adding: members.map(\.number), removing: step.removed, begun: step.begun)
        }
        return true
    }

    // MARK: What has become of them

    /// They serve: told in one line each, and to whoever has asked.
    func haveChanged(_ numbers: [UInt32], in roster: Roster, since old: Roster, by how: String, begun: Int) {
        for number in numbers {
            guard let member = roster[number] else { continue }
            // Its own workers know whether it serves.
            guard let wanted = self.roster[number] ?? roster[number], wanted.serves else {
                if let fault = self.roster[number]?.fault { self.report.fail(number, fault) }
                continue
            }
            let time = Self.now() - begun
            guard old[number]?.serves == true else {
                self.plan.logger.info("mounted", metadata: member.logMetadata)
                self.report.succeed(number, "\(member.name): mounted at \(member.mount?.description ?? "")")
                continue
            }
            var facts = member.logMetadata
            facts["by"] = "\(how)"
            facts["time"] = "\(time)ms"
            self.plan.logger.info("reloaded", metadata: facts)
            let hash = member.application?.hash ?? ""
            self.report.succeed(number, "\(member.name): generation \(hash), \(how), \(time) ms")
        }
    }

    /// They do not, for these reasons: told once each.
    func haveFailed(_ faults: [UInt32: String], in roster: Roster, since old: Roster) {
        for (number, reason) in faults.sorted(by: { $0.key < $1.key }) {
            self.report.fail(number, reason)
            guard let member = roster[number], let complaint = member.complaint, old[number]?.fault != reason else {
                continue
            }
            self.toldFaults.insert(reason)
            self.plan.logger.error("\(complaint)", metadata: member.logMetadata)
        }
    }

    func areGone(_ numbers: [UInt32], from old: Roster) {
        for number in numbers {
            guard let member = old[number] else { continue }
            self.plan.logger.info("unmounted", metadata: member.logMetadata)
            self.report.succeed(number, "\(member.name): unmounted")
        }
    }
}
