import RoostModules

/// How the existing workers carry out a step.
enum MountMethod {
    /// The workers are not ready for it.
    case wait
    /// New workers take over. `reasons`: why, by application number.
    case replaceWorkers(reasons: [UInt32: String])
    /// The running workers mount these. `faults`: why some cannot be loaded. `rest`: a later step for applications that
    /// need new workers.
    case inPlace([DeployedApplication], faults: [UInt32: String], rest: MountStep?)

    /// `areReplaced`: whether the workers are being replaced for an earlier step.
    init(of step: MountStep, in workers: some DeploymentWorkers, areReplaced: Bool) {
        var obstacles: [UInt32: String] = [:]
        if step.replacementReason == nil || !workers.canReplace {
            for application in step.applications where !application.isRelayed {
                guard let prepared = application.prepared else { continue }
                obstacles[application.number] = workers.obstacle(to: prepared, in: step.group)
            }
        }
        guard workers.canReplace else {
            self = .inPlace(step.applications, faults: Self.faults(obstacles, of: step), rest: nil)
            return
        }
        guard step.replacementReason == nil, obstacles.count < max(step.applications.count, 1) else {
            self = .replaceWorkers(reasons: obstacles)
            return
        }
        let status = workers.status(of: step.group)
        guard (status.isCalm && !areReplaced) || status.isFailing else {
            self = .wait
            return
        }
        // Applications that need new workers do not delay the others.
        let rest = step.applications.filter { obstacles[$0.number] != nil }
        self = .inPlace(
            step.applications.filter { obstacles[$0.number] == nil }, faults: [:],
            rest: rest.isEmpty
                ? nil : MountStep(group: step.group, applications: rest, removed: [], begun: step.begun))
    }

    private static func faults(_ obstacles: [UInt32: String], of step: MountStep) -> [UInt32: String] {
        var faults: [UInt32: String] = [:]
        for application in step.applications {
            guard let obstacle = obstacles[application.number] else { continue }
            faults[application.number] =
                "\(application.module): cannot be loaded beside the previous version, since \(obstacle);"
                + " restart the server, or run it with a supervisor"
        }
        return faults
    }
}
