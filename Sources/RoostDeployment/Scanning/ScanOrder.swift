package import RoostSystem

/// A pending reload: the request, and other work that goes with it.
package struct PendingReload: Sendable {
    package let request: ReloadRequest
    /// Groups whose workers are replaced even if the change could be made in place; nil in the set stands for the
    /// workers that accept connections.
    package let replacedGroups: Set<String?>
    /// Faults that are reported with the results.
    package let faults: [String]

    package init(_ request: ReloadRequest, replacing groups: Set<String?> = [], faults: [String] = []) {
        self.request = request
        self.replacedGroups = groups
        self.faults = faults
    }
}

/// The input of a scan.
package struct ScanOrder: Sendable {
    /// The reloads that the scan is for. Empty if drop-in folders have changed: only these are scanned then.
    package let reloads: [PendingReload]
    /// When the scan was ordered, in milliseconds of the monotonic clock.
    package let begun: Int
    /// The declarations known so far.
    package let deployment: Deployment
    /// The previous scan.
    package let before: Deployment.Scan
    /// Generations whose copies need not be made again.
    package let known: [PreparedApplication]
}

/// The result of a scan.
package struct ScanOutcome: Sendable {
    package let order: ScanOrder
    package let result: Result<Deployment.Scan, HostError>
    /// The current declarations.
    package let deployment: Deployment

    package init(order: ScanOrder, result: Result<Deployment.Scan, HostError>, deployment: Deployment) {
        self.order = order
        self.result = result
        self.deployment = deployment
    }

    /// The same outcome for a host without workers: applications that request a worker group are refused.
    package var withoutGroups: ScanOutcome {
        ScanOutcome(order: self.order, result: self.result.map(\.withoutGroups), deployment: self.deployment)
    }
}
