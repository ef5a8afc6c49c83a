import RoostDeployment

/// The options for development: what is watched and built.
package struct WatchOptions: Sendable {
    package var isOn = false
    package var folders: [String] = []
    package var includes: [String] = []
    package var excludes: [String] = []
    /// Maximum number of files and folders.
    package var limit = SourceTree.usualMost
    /// Seconds that a file must be unchanged.
    package var delay = Double(Deployment.usualQuiet) / 1000
    package var build: String?
}
