import RoostDeployment
package import RoostSystem

/// The files that `--reload` watches, and the command that builds modules from them.
package struct WatchPlan {
    /// The source folders, and the patterns of file names in them.
    package var sources: [String] = []
    package var includes: [String] = []
    package var excludes: [String] = []
    /// The largest number of source files and folders that are watched.
    package var limit = SourceTree.defaultLimit
    /// How long a source must be unchanged before its change is reported, in milliseconds.
    package var quiet = Deployment.defaultSourceQuiet
    /// The command that builds modules from the sources; `nil` if there is none.
    package var build: String?
    /// Watched files other than modules and their settings.
    package var files: Set<String> = []
    /// The states of `files` before they were read.
    package var seen = FileMarks()
    /// The sources as they were before the first build.
    package private(set) var baseline: [String: FileMark] = [:]

    package init() {}

    var tree: SourceTree {
        SourceTree(self.sources, includes: self.includes, excludes: self.excludes, most: self.limit)
    }

    /// Reads the baseline, before the first build and the first scan. `earlier`: a plan whose baseline is kept if it
    /// watches the same sources.
    package mutating func readBaseline(or earlier: WatchPlan? = nil) {
        if let earlier, earlier.sources == self.sources, earlier.includes == self.includes,
            earlier.excludes == self.excludes
        {
            self.baseline = earlier.baseline
        } else {
            self.baseline = self.tree.scan().files
        }
    }
}
