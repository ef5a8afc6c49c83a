import RoostDeployment

extension WorkerPlan {
    /// For tests that do not depend on the workers.
    static let example = WorkerPlan(start: 75, grace: 30, stop: 95, state: 1 << 20)
}
