import RoostDeployment
package import RoostSystem

/// What `--reload` watches, and how modules are built from it.
package struct WatchPlan {
    /// Folders of sources, and the patterns of files in them.
    package var sources: [String] = []
    package var includes: [String] = []
    package var excludes: [String] = []
    /// The number of files and folders of sources that are watched.
    package var limit = SourceTree.usualMost
    /// The command that builds modules from the sources; nil: none does.
    package var build: String?
    /// Files besides modules and their settings.
    package var files: Set<String> = []
    /// The states of `files` before they were read.
    package var seen = FileMarks()
    /// The sources as they were before anything was built from them.
    package private(set) var baseline: [String: FileMark] = [:]

    package init() {}

    var tree: SourceTree {
        SourceTree(self.sources, includes: self.includes, excludes: self.excludes, most: self.limit)
    }

    /// Reads the baseline: before the first build and the first scan. `earlier`: a plan whose baseline is kept where it has the same sources.
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
