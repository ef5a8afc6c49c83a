package import HTTPServer
package import Logging
package import Roost
package import RoostDeployment
package import RoostModules
import RoostSystem

extension Supervisor {
    /// What it is to do.
    package struct Plan {
        /// What is to be served, and by whom.
        package var deployment: Deployment
        /// Looks at the settings anew, on another thread; nil: there are none. Throws `HostError`.
        package var redeploy: (@Sendable () throws -> Deployment)?
        /// What is watched besides the drop-in folders; nil: nothing.
        package var watch: WatchPlan?
        package var addresses: [BindAddress]
        package var backlog = 2048
        package var run: RunDirectory
        package var signals: SupervisorSignals
        package var logger: Logger
        package var log: LineWriter
        package var isErrorColoured = false
        /// Opens the files of the log anew.
        package var reopenLogs: () -> Void = {}
        /// Told once, when it serves.
        package var serving: ([ServedApplication], [BindAddress]) -> Void = { _, _ in }

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
}
