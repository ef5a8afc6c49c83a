import RoostDeployment

/// The options for development: watching and building sources.
package struct WatchOptions: Sendable {
    package var isOn = false
    package var folders: [String] = []
    package var includes: [String] = []
    package var excludes: [String] = []
    /// Maximum number of watched files and folders.
    package var limit = SourceTree.defaultLimit
    /// Seconds for which a file must stay unchanged before a reload; nil for the defaults of modules and sources.
    package var delay: Double?
    package var build: String?
    /// Whether the next worker of Python applications is started before it is needed.
    package var keepsStandby = true

    /// Milliseconds for which a module must stay unchanged before a reload.
    package var quiet: Int { self.delay.map { Int($0 * 1000) } ?? Deployment.defaultQuiet }
    /// The same for sources, which an editor writes at once. A half-written one costs a failed reload only.
    package var sourceQuiet: Int { self.delay.map { Int($0 * 1000) } ?? Deployment.defaultSourceQuiet }
}
