import RoostDeployment
import RoostSettings
import RoostSystem

/// Options: reloading, and the processes of the command `roost`.
extension OptionTable {
    static let reload: [ServerOption] = [
        .flag(
            "reload", \.watch.isOn,
            "Watch modules, their settings and the sources of Python applications, and reload what has changed."
        ).forSupervisor.commandOnly("an embedded host does not watch files"),
        .texts("reload-dir", \.watch.folders, "Folder of sources to watch too; repeatable.") {
            guard $0.isEmpty else { return }
            throw OptionFault.refused("must name a folder")
        }.forReload,
        .texts("reload-include", \.watch.includes, "Pattern of further source files, like '*.html'; repeatable.")
            .forReload,
        .texts("reload-exclude", \.watch.excludes, "Pattern of files and folders to ignore; repeatable.").forReload,
        .count("reload-limit", \.watch.limit, .size, "Maximum number of source files and folders that are watched.")
            .commandOnly("an embedded host does not watch files"),
        .decimalSeconds(
            "reload-delay", \.watch.delay, 0...60, unset: "0.1; for sources 0.05",
            "Time that a file must stay unchanged before it is reloaded; also in drop-in folders."
        ).commandOnly("an embedded host does not watch files"),
        .flag(
            "reload-standby", \.watch.keepsStandby, isNegatable: true,
            "Keep an interpreter ready that has imported the packages of a Python application, for its next version."
        ).commandOnly("an embedded host does not watch files"),
        .optionalText(
            "build", \.watch.build, "Command to run when sources have changed, before the reload, and before the start."
        ).forReload,
        .seconds(
            "reload-drain", \.drainTime, 0...86_400, unset: "\(HostConfiguration().drainTime); with --reload, 1",
            "Maximum time for requests and WebSockets of the previous version of an application to finish."
        ).forGroups,
        .count(
            "limit-images", \.workers.allowance.images, 0...10_000,
            "Maximum number of new versions that a worker loads; then a new worker replaces it."
        ).forGroups.commandOnly(Self.noWorkers),
        .bytes(
            "limit-image-bytes", \.workers.allowance.bytes, 0...Int.max,
            "Maximum total size of the files of the new versions that a worker loads."
        ).forGroups.commandOnly(Self.noWorkers),
        .bytes(
            "limit-state", \.host.stateLimit, 0...(64 << 20),
            "Maximum size of the state that an application passes to its next version (asgi.state/1)."
        ).forGroups.commandOnly("an embedded host does not replace a version of an application by another"),
    ]

    static let workers: [ServerOption] = [
        .count(
            "workers", \.process.workers, 1...256, unset: "$WEB_CONCURRENCY, else 1", "Number of processes that serve."
        ).forGroups.commandOnly(Self.noWorkers),
        .flag(
            "supervisor", \.process.isSupervised, isNegatable: true,
            "Serve in worker processes, which are watched and replaced."
        ).commandOnly(Self.noWorkers),
        .count(
            "limit-max-requests", \.workers.requests, .size, unset: "never",
            "Replace a worker after this number of requests."
        ).forGroups.forSupervisor.commandOnly(Self.noWorkers),
        .count(
            "limit-max-requests-jitter", \.workers.requestJitter, 0...Int.max,
            "Maximum random number that is added to --limit-max-requests."
        ).forGroups.commandOnly(Self.noWorkers),
        .bytes(
            "limit-max-rss", \.workers.memory, (1 << 20)...Int.max, unset: "never",
            "Replace a worker whose resident memory exceeds this size."
        ).forGroups.forSupervisor.commandOnly(Self.noWorkers),
        .seconds(
            "limit-worker-lifetime", \.workers.lifetime, 1...(366 * 86_400), unset: "never",
            "Replace a worker after this time."
        ).forGroups.forSupervisor.commandOnly(Self.noWorkers),
        .seconds(
            "timeout-worker", \.stallTime, 0...86_400,
            "Replace a worker whose event loop is stalled for this time; 0: never."
        ).forGroups.commandOnly(Self.noWorkers),
        .seconds(
            "timeout-stop", \.process.stopTime, .time, unset: "the sum of a shutdown's phases",
            "Time after which a shutdown ends all remaining processes."
        ).commandOnly(Self.ownProcess),
        .count(
            "limit-crashes", \.workers.crashes, 1...1000,
            "Number of worker crashes within --crash-window after which an application is quarantined (503)."
        ).forGroups.commandOnly(Self.noWorkers),
        .seconds("crash-window", \.workers.crashWindow, .time, "Time in which --limit-crashes counts crashes.")
            .forGroups.commandOnly(Self.noWorkers),
        .optionalText("user", \.process.user, "User that workers switch to before a module is loaded.")
            .forGroups.forSupervisor.early.commandOnly(Self.ownProcess),
        .optionalText("group", \.process.group, unset: "the user's", "Group that workers switch to.")
            .forGroups.forSupervisor.early.commandOnly(Self.ownProcess),
        .bytes(
            "limit-address-space", \.workers.privileges.addressSpace, (64 << 20)...Int.max, unset: "unchanged",
            "Maximum address space of a worker, and of a probe."
        ).forGroups.early.commandOnly(Self.ownProcess),
        .count(
            "limit-open-files", \.workers.privileges.openFiles, 64...Int.max, unset: "as many as the system allows",
            "Maximum number of open files of a worker."
        ).forGroups.commandOnly(Self.ownProcess),
        .bytes(
            "limit-core", \.workers.privileges.core, 0...Int.max, unset: "unchanged",
            "Maximum size of a worker's core file."
        ).forGroups.commandOnly(Self.ownProcess),
        .flag(
            "exit-handlers", \.process.runsExitHandlers,
            "Run exit handlers and destructors of modules when a serving process has stopped (for coverage and leak tools)."
        ).commandOnly(Self.ownProcess),
    ]

    private static let noWorkers = "an embedded host has no worker processes"
    private static let ownProcess = "the process belongs to the program"
}
