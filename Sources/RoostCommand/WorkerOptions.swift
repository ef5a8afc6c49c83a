import ArgumentParser
import Glibc
import RoostSystem

/// The options of `roost serve` that concern processes: workers, when they are replaced, who they are. Named as Uvicorn's and
/// Gunicorn's where they have them.
struct WorkerOptions: ParsableArguments {
    @Option(help: "Processes that serve. [default: $WEB_CONCURRENCY, else 1]")
    var workers: Int?

    @Flag(inversion: .prefixedNo, help: "Serve in processes of their own, which are watched and replaced.")
    var supervisor = true

    @Option(help: "Replace a worker after so many requests. [default: never]")
    var limitMaxRequests: Int?

    @Option(help: "By how many requests that may differ from worker to worker, at most.")
    var limitMaxRequestsJitter = 0

    @Option(help: "Replace a worker whose resident memory is above so many bytes. [default: never]")
    var limitMaxRss: Int?

    @Option(help: "Replace a worker after so many seconds. [default: never]")
    var limitWorkerLifetime: Int?

    @Option(help: "Replace a worker a loop of which has not turned for so many seconds; 0: never.")
    var timeoutWorker = 60

    @Option(help: "Seconds after which a stop ends whatever is left. [default: the sum of a stop's phases]")
    var timeoutStop: Int?

    @Option(help: "An application that crashes so many workers ...")
    var limitCrashes = 3

    @Option(help: "... within so many seconds is quarantined: answered with 503.")
    var crashWindow = 60

    @Option(help: "Seconds that requests and WebSockets of what was reloaded go on. [default: 30; with --reload, 1]")
    var reloadDrain: Int?

    @Option(help: "New generations that a worker loads in the place of others; then another worker takes over.")
    var limitImages = 50

    @Option(help: "Bytes of their files.")
    var limitImageBytes = 256 << 20

    @Option(help: "Bytes that an application may hand to its next generation (asgi.state/1).")
    var limitState = 1 << 20

    @Option(help: "The user that workers become, before a module is loaded.")
    var user: String?

    @Option(help: "Their group. [default: the user's]")
    var group: String?

    @Option(help: "Bytes of address space of a worker, and of a probe. [default: as it is]")
    var limitAddressSpace: Int?

    @Option(help: "Open files of a worker. [default: as many as the system allows]")
    var limitOpenFiles: Int?

    @Option(help: "Bytes of a worker's core file. [default: as it is]")
    var limitCore: Int?

    @Flag(
        help:
            "Run exit handlers and destructors of modules when a process that serves has stopped (for coverage and leak tools)."
    )
    var exitHandlers = false

    @Flag(help: "Answer /healthz and /readyz, without asking a module.")
    var health = false

    func validate() throws {
        try ServeOptions.check("--workers", try self.count, 1...256)
        for (name, value, range) in [
            ("--limit-max-requests", self.limitMaxRequests, 1...Int.max),
            ("--limit-max-rss", self.limitMaxRss, (1 << 20)...Int.max),
            ("--limit-worker-lifetime", self.limitWorkerLifetime, 1...(366 * 86_400)),
            ("--timeout-stop", self.timeoutStop, 1...86_400),
            ("--limit-address-space", self.limitAddressSpace, (64 << 20)...Int.max),
            ("--limit-open-files", self.limitOpenFiles, 64...Int.max), ("--limit-core", self.limitCore, 0...Int.max),
        ] { if let value { try ServeOptions.check(name, value, range) } }
        try ServeOptions.check("--limit-max-requests-jitter", self.limitMaxRequestsJitter, 0...Int.max)
        try ServeOptions.check("--timeout-worker", self.timeoutWorker, 0...86_400)
        try ServeOptions.check("--limit-crashes", self.limitCrashes, 1...1000)
        try ServeOptions.check("--crash-window", self.crashWindow, 1...86_400)
        if let reloadDrain { try ServeOptions.check("--reload-drain", reloadDrain, 0...86_400) }
        try ServeOptions.check("--limit-images", self.limitImages, 0...10_000)
        try ServeOptions.check("--limit-image-bytes", self.limitImageBytes, 0...Int.max)
        try ServeOptions.check("--limit-state", self.limitState, 0...(64 << 20))
        // Where the memory of a process is told.
        guard self.limitMaxRss == nil || access("/proc/self/statm", R_OK) == 0 else {
            throw ValidationError("--limit-max-rss needs /proc: mount it, or leave the option out")
        }
        guard !self.supervisor else { return }
        for (name, isGiven) in [
            ("--user", self.user != nil), ("--group", self.group != nil), ("--workers", (self.workers ?? 1) > 1),
            ("--limit-max-requests", self.limitMaxRequests != nil), ("--limit-max-rss", self.limitMaxRss != nil),
            ("--limit-worker-lifetime", self.limitWorkerLifetime != nil),
        ] where isGiven { throw ValidationError("\(name) needs the supervisor: leave --no-supervisor out") }
    }

    /// How many workers there are to be.
    var count: Int {
        get throws {
            if let workers { return workers }
            guard self.supervisor, let text = getenv("WEB_CONCURRENCY").map({ String(cString: $0) }), !text.isEmpty
            else { return 1 }
            guard let count = Int(text) else { throw ValidationError("WEB_CONCURRENCY '\(text)' is not a number") }
            return count
        }
    }

    var privileges: Privileges {
        get throws {
            var privileges = Privileges()
            try privileges.become(user: self.user, group: self.group)
            privileges.addressSpace = self.limitAddressSpace
            privileges.openFiles = self.limitOpenFiles
            privileges.core = self.limitCore
            return privileges
        }
    }
}
