package import HTTPServer
package import Logging
package import RoostDeployment
package import RoostModules
package import RoostSettings
package import RoostSystem

/// The configuration of a supervisor.
package struct SupervisorPlan {
    /// The declared applications.
    package let deployment: Deployment
    /// Reads the declarations again, on another thread; `nil` if they cannot change. Throws `HostError`.
    package var redeclare: (@Sendable () throws -> Deployment)?
    /// The files watched besides the drop-in folders; `nil` if there are none.
    package var watch: WatchPlan?
    package let addresses: [ListenAddress]
    /// The certificate of `--tls-self-signed`; nil without it.
    package var selfSigned: TLSFiles?
    package var backlog = ServerConfiguration().backlog
    package let run: RunDirectory
    package let signals: SupervisorSignals
    package let logger: Logger
    package let log: LineWriter
    /// Whether the next worker of Python applications is started before it is needed.
    package var keepsStandby = false
    package var isErrorColoured = false
    /// Reopens the log files.
    package var reopenLogs: () -> Void = {}
    /// Called once, when the server is serving, with the URLs of the addresses.
    package var whenServing: ([DeployedApplication], [String]) -> Void = { _, _ in }

    package init(
        deployment: Deployment, addresses: [ListenAddress], run: RunDirectory,
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
