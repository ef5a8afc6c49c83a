import RoostDeployment

/// What a worker is started with: applications, order and sockets.
struct WorkerStart {
    let roster: Roster
    let order: WorkerOrder
    /// The descriptors of the order's addresses.
    let listeners: [CInt]
    /// The relay socket of the worker; `nil` for a front worker.
    let relayListener: RelayListener?

    /// What the process is started with. `imports`: see `WorkerProgram`.
    func setup(_ plan: WorkerPlan, imports: String?) -> WorkerChild.Setup {
        let variables = self.roster.applications.compactMap(\.variable)
        let environment = Dictionary(variables.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
        return WorkerChild.Setup(
            program: WorkerProgram(self.order, arguments: plan.arguments, imports: imports),
            variables: environment.merging(plan.environment) { $1 }, listeners: self.listeners)
    }
}
