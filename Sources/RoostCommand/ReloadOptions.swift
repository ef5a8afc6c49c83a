import ArgumentParser
import Glibc
import RoostSystem
import Supervision

/// The options of `roost serve` for development, named as Uvicorn's where it has them.
struct ReloadOptions: ParsableArguments {
    @Flag(help: "Watch modules and their settings, and reload what has changed.")
    var reload = false

    @Option(help: "Watch the sources in this folder too; as often as wanted.")
    var reloadDir: [String] = []

    @Option(help: "Names of files that are sources, besides the usual: '*.html'; as often as wanted.")
    var reloadInclude: [String] = []

    @Option(help: "Names of files and folders that are none; as often as wanted.")
    var reloadExclude: [String] = []

    @Option(help: "Maximum number of source files and folders that are watched.")
    var reloadLimit = WatchPlan().limit

    @Option(help: "Seconds that a file must not have changed before it counts; also in drop-in folders.")
    var reloadDelay = 0.1

    @Option(help: "Run this when sources have changed, then reload what it has made; and before the start.")
    var build: String?

    /// Milliseconds.
    var quiet: Int { Int(self.reloadDelay * 1000) }

    func validate() throws {
        guard 0...60 ~= self.reloadDelay else {
            throw ValidationError("--reload-delay \(self.reloadDelay) is not between 0 and 60")
        }
        guard self.reloadLimit > 0 else { throw ValidationError("--reload-limit \(self.reloadLimit) is not above 0") }
        for (name, isGiven) in [
            ("--reload-dir", !self.reloadDir.isEmpty), ("--reload-include", !self.reloadInclude.isEmpty),
            ("--reload-exclude", !self.reloadExclude.isEmpty), ("--build", self.build != nil),
        ] where isGiven && !self.reload { throw ValidationError("\(name) is for --reload: add that") }
        guard self.build == nil || !self.reloadDir.isEmpty else {
            throw ValidationError("--build wants to know when: name the folder of the sources with --reload-dir")
        }
        guard self.reloadDir.allSatisfy({ !$0.isEmpty }) else { throw ValidationError("--reload-dir names a folder") }
    }

    /// What is named has to be there, when a start begins. Throws `HostError`.
    func check() throws {
        for folder in self.reloadDir {
            var status = stat()
            guard stat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
                throw HostError(code: .usage, message: "--reload-dir \(folder): there is no such folder")
            }
        }
    }

    /// Nil: nothing is watched but the drop-in folders.
    var plan: WatchPlan? {
        guard self.reload else { return nil }
        var plan = WatchPlan()
        plan.sources = self.reloadDir
        plan.includes = self.reloadInclude
        plan.excludes = self.reloadExclude
        plan.build = self.build
        plan.limit = self.reloadLimit
        return plan
    }
}
