import Logging
import RoostDeployment

/// Changes that take new workers: those that run are replaced, one after another.
extension WorkerGroup {
    /// What its workers are being replaced for.
    struct Replacing {
        let numbers: [UInt32]
        let before: Roster
        let begun: Int
    }

    /// Why these cannot be loaded by all workers that run, by their numbers.
    func obstacles(to members: [Roster.Member]) -> [UInt32: String] {
        var obstacles: [UInt32: String] = [:]
        for member in members where !member.isRelayed {
            guard let application = member.application else { continue }
            let running = self.workers.filter { self.fleet.member($0.id)?.state == .ready }
            obstacles[member.number] =
                running.lazy.compactMap { worker in
                    self.variableObstacle(application, worker)
                        ?? worker.images.obstacle(to: application, within: self.workerPlan.allowance)
                }.first
        }
        return obstacles
    }

    private func variableObstacle(_ application: PreparedApplication, _ worker: WorkerHandle) -> String? {
        guard let variable = application.variable, self.workerPlan.environment[variable.name] == nil,
            worker.variables[variable.name] != variable.value
        else { return nil }
        return "its environment variable \(variable.name) has to be \(variable.value)"
    }

    /// Its workers are to be otherwise: those that are started from here on are.
    func adopt(_ plan: WorkerPlan) {
        self.workerPlan = plan
        self.fleet.adopt(plan.rules)
    }

    /// New workers for this; the old ones drain when those are ready.
    func replaceWorkers(_ step: MountStep) {
        let before = self.roster
        var roster = before.taking(step.members, removing: step.removed)
        roster.insist(true)
        // What was on its way to them goes with it.
        let earlier = self.replacing
        self.replacing = Replacing(
            numbers: Set((earlier?.numbers ?? []) + step.numbers).sorted(), before: earlier?.before ?? before,
            begun: step.begun)
        for application in step.members.compactMap(\.application) { self.fleet.pardon(application.hash) }
        self.perform(self.fleet.replace(by: self.newRelease(roster), because: .reload, now: Supervisor.now()))
    }

    /// The new ones serve.
    func isReloaded() {
        self.roster.insist(false)
        guard let replacing = self.replacing else { return }
        self.replacing = nil
        guard !replacing.numbers.isEmpty else {
            let time = "\(Supervisor.now() - replacing.begun)ms"
            self.logger.info(
                "reloaded", metadata: ["by": "new workers", "workers": "\(self.name ?? "-")", "time": "\(time)"])
            return self.supervisor.report.say("\(self.name.map { "workers of \($0)" } ?? "workers"): new, \(time)")
        }
        self.supervisor.haveChanged(
            replacing.numbers, in: self.roster, since: replacing.before, by: "new workers", begun: replacing.begun)
    }

    /// They do not: those that were there serve on.
    func isNotReloaded(_ reason: String) {
        self.logger.error("not reloaded, what was there serves on: \(reason)")
        guard let replacing = self.replacing else { return }
        self.replacing = nil
        // The fleet has gone back to what was before.
        let tried = self.rosters[self.lastRelease] ?? self.roster
        self.supervisor.toldFaults.insert(reason)
        for number in replacing.numbers {
            self.supervisor.report.fail(number, reason)
            self.roster.refuse(number, of: tried, because: reason)
        }
        self.retrySoon()
        if replacing.numbers.isEmpty { self.supervisor.report.fail(0, reason) }
    }
}
