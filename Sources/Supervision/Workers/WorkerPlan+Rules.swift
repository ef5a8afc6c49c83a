import RoostDeployment

extension WorkerPlan {
    /// The rules of the plan's fleet, with times in milliseconds.
    var rules: Fleet.Rules {
        Fleet.Rules(
            workers: self.workers, requests: self.requests, requestJitter: self.requestJitter, memory: self.memory,
            lifetime: self.lifetime.map { $0 * 1000 }, stall: self.stall.map { $0 * 1000 }, start: self.start * 1000,
            grace: self.grace * 1000, stop: self.stop * 1000, crashes: self.crashes,
            crashWindow: self.crashWindow * 1000)
    }
}
