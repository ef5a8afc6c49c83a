/// A driver's information about its processes; `DeploymentState` queries it before it decides.
package protocol DeploymentWorkers {
    func status(of group: String?) -> WorkersStatus

    /// Why a running worker of the group cannot load a generation beside those that it has loaded; nil if all can.
    func obstacle(to application: PreparedApplication, in group: String?) -> String?

    /// Whether workers can be replaced by new processes.
    var canReplace: Bool { get }
}

/// The state of the workers of a group.
package struct WorkersStatus {
    /// The ids of the workers that serve.
    package var ready: [Int] = []
    /// Whether each worker has the current release, and none is starting or ending.
    package var isCalm = true
    /// Whether the last worker failed to start.
    package var isFailing = false

    package init() {}

    /// Whether the group serves, or is known not to.
    package var isSettled: Bool { self.isFailing || !self.ready.isEmpty }
}
