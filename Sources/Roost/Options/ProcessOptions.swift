package import Logging
package import RoostSystem

/// The options for the processes of the command `roost`, and for its settings file.
package struct ProcessOptions: Sendable {
    package var logLevel = Logger.Level.info
    /// Whether each request is logged to standard output.
    package var logsAccess = true
    /// Whether the logs have colors. Nil: on terminals.
    package var usesColors: Bool?
    /// The drop-in folders.
    package var modules: [String] = []
    /// The name of the settings module.
    package var settings: String?
    package var readsNoSettings = false
    /// The file of environment variables for workers.
    package var environmentFile: String?
    /// The number of workers. Nil: $WEB_CONCURRENCY, else 1.
    package var workers: Int?
    package var isSupervised = true
    /// The user that workers switch to.
    package var user: String?
    /// The group that workers switch to. Nil: the user's.
    package var group: String?
    /// Maximum duration of a shutdown, in seconds. Nil: the sum of its phases.
    package var stopTime: Int?
    package var runsExitHandlers = false

    /// Whether the log on a stream has colors.
    package func isColoured(_ stream: Terminal) -> Bool { self.usesColors ?? stream.isColoured }
}
