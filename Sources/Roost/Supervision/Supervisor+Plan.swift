public import HTTPServer
public import Logging

extension Supervisor {
    /// What it is to do.
    public struct Plan {
        /// What is to be served, and by whom.
        public var deployment: Deployment
        /// Looks at the settings anew, on another thread; nil: there are none. Throws `HostError`.
        public var redeploy: (@Sendable () throws -> Deployment)?
        /// What is watched besides the drop-in folders; nil: nothing.
        public var watch: WatchPlan?
        public var addresses: [BindAddress]
        public var backlog = 2048
        public var run: RunDirectory
        public var signals: SupervisorSignals
        public var logger: Logger
        public var log: LineWriter
        public var isErrorColoured = false
        /// Opens the files of the log anew.
        public var reopenLogs: () -> Void = {}
        /// Told once, when it serves.
        public var serving: ([ServedApplication], [BindAddress]) -> Void = { _, _ in }

        public init(
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
