import RoostDeployment

extension WorkerPlan {
    /// For deployments whose workers do not matter.
    static let example = WorkerPlan(start: 75, grace: 30, stop: 95, state: 1 << 20)
}
