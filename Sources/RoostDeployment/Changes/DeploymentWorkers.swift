/// What a driver knows of the processes that it has; asked by `DeploymentState` before it decides.
package protocol DeploymentWorkers {
    func status(of group: String?) -> WorkersStatus

    /// Why a running worker of the group cannot load a generation beside what it has loaded; nil: all can.
    func obstacle(to application: PreparedApplication, in group: String?) -> String?

    /// Whether workers can be replaced by new processes.
    var canReplace: Bool { get }
}

/// The state of the workers of a group.
package struct WorkersStatus {
    /// The ids of those that serve.
    package var ready: [Int] = []
    /// Whether each worker has the current release, and none is about to start or to end.
    package var isCalm = true
    /// Whether the last worker did not start.
    package var isFailing = false

    package init() {}

    /// Whether it serves, or it is known that it does not.
    package var isSettled: Bool { self.isFailing || !self.ready.isEmpty }
}
