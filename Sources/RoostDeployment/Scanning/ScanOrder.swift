package import RoostSystem

/// A reload that is to be made: what was asked for, and what else it is to do.
package struct PendingReload: Sendable {
    package let request: ReloadRequest
    /// Groups whose workers are replaced, whatever could be done in place; nil: those that accept connections.
    package let replacedGroups: Set<String?>
    /// Faults that are reported with its results.
    package let faults: [String]

    package init(_ request: ReloadRequest, replacing groups: Set<String?> = [], faults: [String] = []) {
        self.request = request
        self.replacedGroups = groups
        self.faults = faults
    }
}

/// A scan of the files that is to be made.
package struct ScanOrder: Sendable {
    /// The reloads that it is for; none: a drop-in folder has changed, and only the drop-in folders are scanned.
    package let reloads: [PendingReload]
    /// When it was ordered, milliseconds of the monotonic clock.
    package let begun: Int
    /// What is declared, as far as it is known.
    package let deployment: Deployment
    /// The scan before.
    package let before: Deployment.Scan
    /// Generations whose copies need not be made again.
    package let known: [PreparedApplication]
}

/// What a scan has found.
package struct ScanOutcome: Sendable {
    package let order: ScanOrder
    package let result: Result<Deployment.Scan, HostError>
    /// What is declared now.
    package let deployment: Deployment

    package init(order: ScanOrder, result: Result<Deployment.Scan, HostError>, deployment: Deployment) {
        self.order = order
        self.result = result
        self.deployment = deployment
    }

    /// The same for a host without workers: applications that ask for a worker group are refused.
    package var withoutGroups: ScanOutcome {
        ScanOutcome(order: self.order, result: self.result.map(\.withoutGroups), deployment: self.deployment)
    }
}
