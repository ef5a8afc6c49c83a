package import Logging

/// The options that concern the processes of the command `roost`, and its settings file.
package struct ProcessOptions: Sendable {
    package var logLevel = Logger.Level.info
    /// Whether each request is logged to standard output.
    package var logsAccess = true
    /// The drop-in folders.
    package var modules: [String] = []
    /// The name of the settings module.
    package var settings: String?
    package var readsNoSettings = false
    /// The number of workers; nil: the environment's, else one.
    package var workers: Int?
    package var isSupervised = true
    /// The users that workers become.
    package var user: String?
    package var group: String?
    /// Seconds that a shutdown may take; nil: the sum of its phases.
    package var stopTime: Int?
    package var runsExitHandlers = false
}
