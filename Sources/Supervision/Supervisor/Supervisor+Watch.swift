import Glibc
import Logging
import RoostDeployment
import RoostModules
package import RoostSystem

/// `--reload`: what is watched besides the drop-in folders, and what a change of it sets in motion.
extension Supervisor {
    /// What is watched, and how modules are made of it.
    package struct WatchPlan {
        /// Folders of sources, and which files there are some.
        package var sources: [String] = []
        package var includes: [String] = []
        package var excludes: [String] = []
        /// Files and folders of sources that are watched at most.
        package var most = SourceTree.usualMost
        /// What makes modules of them.
        package var build: String?
        /// Files besides modules and their settings.
        package var files: Set<String> = []
        /// The states of `files` before they were read.
        package var seen = FileMarks()
        /// The sources as they were before anything was made of them.
        private(set) var baseline: [String: FileMark] = [:]

        package init() {}

        var tree: SourceTree {
            SourceTree(self.sources, includes: self.includes, excludes: self.excludes, most: self.most)
        }

        /// Takes the sources as they are now for the baseline: before the first build and the first look. `earlier`: a plan whose baseline is
        /// taken over where it has the same sources.
        package mutating func takeBaseline(or earlier: WatchPlan? = nil) {
            if let earlier, earlier.sources == self.sources, earlier.includes == self.includes,
                earlier.excludes == self.excludes
            {
                self.baseline = earlier.baseline
            } else {
                self.baseline = self.tree.look().files
            }
        }
    }

    /// Modules and settings of what is declared: as it was found last, and as it serves.
    private var watchedFiles: Set<String> {
        let declared = self.look.declared
        let keys = Set(declared.map(\.key))
        let served = self.roster.members.filter { keys.contains($0.key) }.compactMap(\.application)
        var files = (self.plan.watch?.files ?? []).union(declared.compactMap(\.file))
        for application in served + declared.compactMap({ try? $0.outcome.get() }) {
            files.insert(application.path)
            if let settings = application.settingsPath { files.insert(settings) }
            files.formUnion(application.staged.libraries.map(\.path))
        }
        return files
    }

    /// What is waited for.
    var watchWaits: [pollfd] {
        self.front.fleet.isStopping ? [] : (self.watch?.waits ?? []) + (self.build?.waits ?? [])
    }

    var watchDue: Int {
        self.front.fleet.isStopping ? .max : min(self.watch?.due ?? .max, self.build?.due ?? .max)
    }

    func followFiles() {
        guard let watch = self.watch, !self.front.fleet.isStopping else { return self.endBuild() }
        var seen = self.plan.watch?.seen ?? FileMarks()
        seen.merge(self.look.seen)
        watch.follow(self.watchedFiles, since: seen)
        let now = Self.now()
        let change = watch.look(now: now)
        if watch.isCut, !self.hasToldCut {
            self.hasToldCut = true
            self.plan.logger.warning(
                "too many sources, not all are watched: see --reload-limit and --reload-exclude",
                metadata: ["limit": "\(self.plan.watch?.most ?? 0)"])
        }
        if !change.sources.isEmpty {
            if self.plan.watch?.build == nil {
                // Whatever reads them does so when it begins.
                self.reload(ReloadRequest(isForced: true))
            } else {
                self.perform(self.builds.changed())
            }
        }
        if !change.files.isEmpty { self.hasChangedFiles = true }
        if let build = self.build, let status = build.look(now: now) {
            self.build = nil
            let step = self.builds.ended(well: status == 0)
            if case .failed = step { self.tell(build, status) }
            self.perform(step)
        }
        // What changes while a build runs is looked at when that has ended, however it has.
        if self.hasChangedFiles, !self.builds.isRunning { self.reloadFiles() }
    }

    private func reloadFiles() {
        self.hasChangedFiles = false
        self.reload(ReloadRequest())
    }

    private func perform(_ step: BuildMachine.Step) {
        switch step {
        case .start: self.startBuild()
        case .cancel: self.build?.cancel()
        case .reload(let again):
            self.reloadFiles()
            if again { self.startBuild() }
        case .failed(let again): if again { self.startBuild() }
        case .nothing: break
        }
    }

    private func startBuild() {
        guard let command = self.plan.watch?.build else { return }
        do {
            self.build = try Build(command)
            self.plan.logger.info("building", metadata: ["command": "\(command)"])
        } catch {
            self.plan.logger.error("\(error)")
            _ = self.builds.ended(well: false)
        }
    }

    /// The compiler's own words, then ours.
    private func tell(_ build: Build, _ status: CInt) {
        self.plan.log.write(build.output + (build.output.last == UInt8(ascii: "\n") ? [] : [UInt8(ascii: "\n")]))
        let how = status & 0x7f == 0 ? "status \((status >> 8) & 0xff)" : "\(SignalName(status & 0x7f))"
        self.plan.logger.error(
            "build failed (\(how)), previous version still serving", metadata: ["time": "\(build.time)ms"])
    }

    private func endBuild() {
        self.build?.end()
        self.build = nil
    }
}
