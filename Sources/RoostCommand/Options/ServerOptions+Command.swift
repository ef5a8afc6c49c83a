import ArgumentParser
import Glibc
import HTTPServer
import Roost
import RoostDeployment
import RoostSettings
import RoostSystem
import Supervision

/// Checks and plans that concern the command's processes.
extension ServerOptions {
    /// Sets and checks the options. Throws `ValidationError` for the command line, `HostError` for other sources.
    init(checking given: [GivenOption]) throws {
        do throws(OptionError) {
            try self.init(given)
            try self.check(.option)
            try self.checkTogether()
            try self.checkProcesses()
        } catch {
            guard let origin = error.origin(among: given), origin != .commandLine else {
                throw ValidationError(error.message)
            }
            throw HostError(code: .settings, message: "\(origin.text): \(error.message)", cause: error)
        }
        _ = try self.workerCount
    }

    private func checkTogether() throws(OptionError) {
        _ = try self.addresses()
        guard self.process.settings == nil || !self.process.readsNoSettings else {
            throw OptionError(
                "--settings and --no-settings exclude each other; remove one of them", "no-settings", "settings")
        }
        let defaults = ServerOptions()
        for option in OptionTable.all where option.values(in: self) != option.values(in: defaults) {
            switch option.declaration.requirement {
            case .supervisor? where !self.process.isSupervised:
                throw OptionError("--\(option.name) needs the supervisor; remove --no-supervisor", option.name)
            case .reload? where !self.watch.isOn:
                throw OptionError("--\(option.name) needs --reload; add it", option.name)
            case .supervisor?, .reload?, nil: break
            }
        }
        guard self.watch.build == nil || !self.watch.folders.isEmpty else {
            throw OptionError("--build needs the folder of the sources; name it with --reload-dir", "build")
        }
    }

    private func checkProcesses() throws(OptionError) {
        // The memory of a process is read from /proc.
        guard self.workers.memory == nil || access("/proc/self/statm", R_OK) == 0 else {
            throw OptionError("--limit-max-rss needs /proc; mount it, or remove the option", "limit-max-rss")
        }
        guard self.process.isSupervised || (self.process.workers ?? 1) == 1 else {
            throw OptionError("--workers needs the supervisor; remove --no-supervisor", "workers")
        }
    }

    /// Returns the addresses to listen on: sockets that systemd passes, and those that options name.
    private func addresses() throws(OptionError) -> [ListenAddress] {
        try self.listen.addresses(given: InheritedSockets.descriptors().map { .descriptor($0) }, .option)
    }

    /// The addresses to listen on; requires checked options.
    var listenAddresses: [ListenAddress] {
        get throws {
            do throws(OptionError) { return try self.addresses() } catch { throw ValidationError(error.message) }
        }
    }

    /// The number of workers.
    var workerCount: Int {
        get throws {
            if let workers = self.process.workers { return workers }
            guard self.process.isSupervised,
                let text = getenv("WEB_CONCURRENCY").map({ String(cString: $0) }), !text.isEmpty
            else { return 1 }
            guard Int(text) != nil else { throw ValidationError("WEB_CONCURRENCY '\(text)' is not a number") }
            guard let option = OptionTable.option(named: "workers") else { return 1 }
            do throws(OptionError) {
                return try ServerOptions([GivenOption(option, [text], .commandLine)]).process.workers ?? 1
            } catch { throw ValidationError("WEB_CONCURRENCY: \(error.message)") }
        }
    }

    /// The plan of the workers, with their number and their user.
    var workerPlan: WorkerPlan {
        get throws {
            var plan = self.workers
            plan.workers = try self.workerCount
            try plan.privileges.become(user: self.process.user, group: self.process.group)
            return plan
        }
    }

    /// What to watch besides the drop-in folders; nil without `--reload`.
    var watchPlan: WatchPlan? {
        guard self.watch.isOn else { return nil }
        var plan = WatchPlan()
        plan.sources = self.watch.folders
        plan.includes = self.watch.includes
        plan.excludes = self.watch.excludes
        plan.build = self.watch.build
        plan.limit = self.watch.limit
        plan.quiet = self.watch.sourceQuiet
        return plan
    }

    /// Checks at the start that the watched folders exist. Throws `HostError`.
    func checkWatchedFolders() throws {
        for folder in self.watch.folders {
            var status = stat()
            guard stat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
                throw HostError(code: .usage, message: "--reload-dir \(folder): folder not found")
            }
        }
    }
}
