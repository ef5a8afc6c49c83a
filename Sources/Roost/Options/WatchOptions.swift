import RoostDeployment

/// The options for development: watching and building sources.
package struct WatchOptions: Sendable {
    package var isOn = false
    package var folders: [String] = []
    package var includes: [String] = []
    package var excludes: [String] = []
    /// Maximum number of watched files and folders.
    package var limit = SourceTree.defaultLimit
    /// Seconds for which a file must stay unchanged before a reload.
    package var delay = Double(Deployment.defaultQuiet) / 1000
    package var build: String?
}
