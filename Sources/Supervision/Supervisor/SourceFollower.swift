import Glibc
import Logging
import RoostDeployment
import RoostSystem

/// `--reload`: watches modules, settings and sources, and builds modules from the sources. For the supervisor's one
/// thread.
final class SourceFollower {
    private let plan: WatchPlan
    private let watch: ReloadWatch
    private var builds = BuildMachine()
    private var build: Build?
    /// Whether watched files have changed during a build, and no reload was requested for them yet.
    private var hasChangedFiles = false
    private var hasLoggedLimit = false
    /// The end of the output of the last build, if it failed.
    private(set) var buildFault: String?
    /// Maximum size of the output that pages show, in bytes.
    private static let shownOutput = 16 << 10
    /// Whether the cause of `buildFault` is gone, and what follows from that is not served yet.
    private var isBuildFixed = false
    /// When the last build failed, in nanoseconds since the epoch.
    private var failedAt = 0
    private let logger: Logger
    private let log: LineWriter

    /// `quiet`: how long a module must be unchanged before its change is reported, in milliseconds.
    init(_ plan: WatchPlan, quiet: Int, _ logger: Logger, _ log: LineWriter) {
        self.plan = plan
        self.watch = ReloadWatch(plan.tree, since: plan.baseline, quiet: quiet, sourceQuiet: plan.quiet)
        self.logger = logger
        self.log = log
    }

    var isBuilding: Bool { self.build != nil }
    /// The descriptors to wait for.
    var waits: [pollfd] { self.watch.waits + (self.build?.waits ?? []) }
    var due: Int { min(self.watch.due, self.build?.due ?? .max) }

    /// Sets the states of files that were acted on. Only files that differ from these states count as changed.
    func accept(_ seen: FileMarks) { self.watch.accept(seen) }

    /// Checks the files after a notification, or when it is due. Returns the reloads that follow.
    ///
    /// `files`: modules and settings. `seen`: their states before they were read.
    func follow(_ files: Set<String>, seen: FileMarks, now: Int) -> [ReloadRequest] {
        var allSeen = self.plan.seen
        allSeen.merge(seen)
        self.watch.follow(files.union(self.plan.files), since: allSeen)
        let change = self.watch.poll(now: now)
        self.logLimit()
        var requests: [ReloadRequest] = []
        if !change.sources.isEmpty {
            if self.plan.build == nil {
                // No build: applications read their sources when they start.
                requests.append(ReloadRequest(isForced: true))
            } else {
                self.perform(self.builds.changed(), &requests)
            }
        }
        if !change.files.isEmpty {
            self.hasChangedFiles = true
            // Somebody has built the module in another way.
            if change.files.contains(where: { (FileMark(of: $0)?.changed ?? 0) > self.failedAt }) { self.requested() }
        }
        if let build, let status = build.poll(now: now) {
            self.build = nil
            let step = self.builds.ended(well: status == 0)
            if case .failed = step {
                self.logFailure(build, status)
                self.buildFault = String(decoding: build.output.suffix(Self.shownOutput), as: UTF8.self)
                self.isBuildFixed = false
                self.failedAt = Self.now
            } else if case .reload = step {
                self.isBuildFixed = true
            }
            self.perform(step, &requests)
        }
        // Changes during a build count when the build has ended, successfully or not.
        if self.hasChangedFiles, !self.builds.isRunning {
            self.hasChangedFiles = false
            requests.append(ReloadRequest())
        }
        return requests
    }

    /// Records that a reload was requested in another way than by a build: it replaces the result of a failed one.
    func requested() { self.isBuildFixed = true }

    /// Records that every reload has ended: the result of the last build is served, unless an application refused it.
    func reloadEnded() {
        if self.isBuildFixed { self.buildFault = nil }
        self.isBuildFixed = false
    }

    private static var now: Int {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }

    /// Stops a build in progress.
    func end() {
        self.build?.end()
        self.build = nil
    }

    private func perform(_ step: BuildMachine.Step, _ requests: inout [ReloadRequest]) {
        switch step {
        case .start: self.startBuild()
        case .cancel: self.build?.cancel()
        case .reload(let again):
            self.hasChangedFiles = false
            requests.append(ReloadRequest())
            if again { self.startBuild() }
        case .failed(let again): if again { self.startBuild() }
        case .nothing: break
        }
    }

    private func startBuild() {
        guard let command = self.plan.build else { return }
        do {
            self.build = try Build(command)
            self.logger.log(.building, ["command": "\(command)"])
        } catch {
            self.logger.log(.buildNotStarted, ["reason": "\(error)"])
            self.buildFault = "\(error)"
            _ = self.builds.ended(well: false)
        }
    }

    /// Logs once that there are more sources than are watched.
    private func logLimit() {
        guard self.watch.isCut, !self.hasLoggedLimit else { return }
        self.hasLoggedLimit = true
        self.logger.log(.tooManySources, ["limit": "\(self.plan.limit)"])
    }

    /// Writes the output of the build, then logs the failure.
    private func logFailure(_ build: Build, _ status: CInt) {
        self.log.write(build.output + (build.output.last == UInt8(ascii: "\n") ? [] : [UInt8(ascii: "\n")]))
        var fields: Logger.Metadata = ["time": "\(build.time)ms"]
        if status & 0x7f == 0 {
            fields["status"] = "\((status >> 8) & 0xff)"
        } else {
            fields["signal"] = "\(SignalName(status & 0x7f))"
        }
        self.logger.log(.buildFailed, fields)
    }
}
