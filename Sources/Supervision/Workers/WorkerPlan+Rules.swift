import RoostDeployment

extension WorkerPlan {
    /// The rules of the fleet, with times in milliseconds.
    var rules: Fleet.Rules {
        var rules = Fleet.Rules()
        rules.workers = self.workers
        rules.requests = self.requests
        rules.requestJitter = self.requestJitter
        rules.memory = self.memory
        rules.lifetime = self.lifetime.map { $0 * 1000 }
        rules.stall = self.stall.map { $0 * 1000 }
        rules.start = self.start * 1000
        rules.grace = self.grace * 1000
        rules.stop = self.stop * 1000
        rules.crashes = self.crashes
        rules.crashWindow = self.crashWindow * 1000
        return rules
    }
}
