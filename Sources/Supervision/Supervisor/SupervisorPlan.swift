package import HTTPServer
package import Logging
package import RoostDeployment
package import RoostModules
package import RoostSystem

/// What a supervisor is started with.
package struct SupervisorPlan {
    /// What is declared.
    package let deployment: Deployment
    /// Reads what is declared anew, on another thread; nil: it does not change. Throws `HostError`.
    package var redeclare: (@Sendable () throws -> Deployment)?
    /// The files that are watched besides the drop-in folders; nil: none.
    package var watch: WatchPlan?
    package let addresses: [BindAddress]
    package var backlog = ServerConfiguration().backlog
    package let run: RunDirectory
    package let signals: SupervisorSignals
    package let logger: Logger
    package let log: LineWriter
    package var isErrorColoured = false
    /// Opens the files of the log anew.
    package var reopenLogs: () -> Void = {}
    /// Called once, when everything serves.
    package var whenServing: ([DeployedApplication], [BindAddress]) -> Void = { _, _ in }

    package init(
        deployment: Deployment, addresses: [BindAddress], run: RunDirectory,
        signals: SupervisorSignals, logger: Logger, log: LineWriter
    ) {
        self.deployment = deployment
        self.addresses = addresses
        self.run = run
        self.signals = signals
        self.logger = logger
        self.log = log
    }
}
