import ArgumentParser
import Glibc
import HTTPServer
import Logging
import ModuleRuntime
import Roost
import RoostDeployment
import RoostSettings
import RoostSystem

/// The options of `roost serve`, named and defaulted as Uvicorn's where it has them.
struct ServeOptions: ParsableArguments {
    @Option(help: "Host name or address to listen on; a name is listened on at all of its addresses.")
    var host = "127.0.0.1"

    @Option(help: "Listen on this port; 0 takes a free one.")
    var port = 8000

    @Option(help: "Path of a Unix socket to listen on instead; @NAME is an abstract socket.")
    var uds: String?

    @Option(
        help: """
            Listen here, as often as wanted: 127.0.0.1:8000, [::]:8000 (both families; with ,ipv6only one), :8000 (everywhere), \
            unix:/run/roost.sock,mode=660,user=www,group=www, unix:@NAME, fd://3. [default: --host and --port, or what systemd gives]
            """)
    var bind: [String] = []

    @Option(help: "Look up names of modules and settings below this folder.")
    var appDir = "."

    @Option(
        help: "Serve the libraries in this folder, each at /NAME, and follow what happens in it; as often as wanted.")
    var modules: [String] = []

    @Option(help: "Settings module, like wiki.settings. [default: $ROOST_SETTINGS_MODULE, else the module's own]")
    var settings: String?

    @Flag(
        name: .customLong("no-settings"),
        help: """
            Read no settings file: neither settings.yaml below --app-dir, nor that of $ROOST_SETTINGS_MODULE, nor the module's own. \
            Files beside the libraries of --modules are read.
            """)
    var noSettings = false

    @Option(help: "Event loops, each a thread.")
    var threads = 1

    @Option(help: "Threads on which modules may block, at most.")
    var blockingThreads = 40

    @Option(help: "Blocking jobs that wait for a thread; above it a module's spawn is refused.")
    var limitBlocking = 1024

    @Option(help: "Connections that wait to be accepted.")
    var backlog = 2048

    @Option(help: "critical, error, warning, info, debug or trace.")
    var logLevel = LogLevel.info

    @Flag(inversion: .prefixedNo, help: "Write a line for every request to standard output.")
    var accessLog = true

    @Flag(inversion: .prefixedNo, help: "Send `server: roost` with every response.")
    var serverHeader = true

    @Option(help: "A path that a proxy in front takes away: ASGI's root_path.")
    var rootPath = ""

    @Option(help: "Folder for copies of modules. [default: /run/roost, $XDG_RUNTIME_DIR/roost or ~/.cache/roost]")
    var runDir: String?

    @Option(help: "Load files of this user too, besides root's and one's own.")
    var trustOwner: [String] = []

    @Option(help: "Seconds that a module may take to be loaded.")
    var probeTimeout = 10

    @Option(help: "auto, on or off: whether the application is told of its start and its end.")
    var lifespan = Lifespan.auto

    @Option(help: "Groups that a WebSocket can be in at once.")
    var limitGroups = 100

    @Option(help: "Seconds that an application may take to start up, and to shut down.")
    var timeoutLifespan = 60

    @Option(help: "Seconds that a connection is kept without a request.")
    var timeoutKeepAlive = 75

    @Option(help: "Seconds that a request's head may take.")
    var timeoutRequestHead = 60

    @Option(help: "Seconds without a byte of a request's body that is waited for.")
    var timeoutRequestBody = 60

    @Option(help: "Seconds that a client may take nothing of its response.")
    var timeoutWrite = 60

    @Option(help: "Seconds that requests may go on after a stop.")
    var timeoutGracefulShutdown = 30

    @Option(help: "Bytes of a request line; above it 414.")
    var limitRequestLine = 16 * 1024

    @Option(help: "Bytes of a field; above it 431.")
    var limitRequestFieldSize = 16 * 1024

    @Option(help: "Fields of a request, and of its trailers; above it 431.")
    var limitRequestFields = 128

    @Option(help: "Bytes of a request's head, and of its trailers; above it 431.")
    var limitRequestHead = 64 * 1024

    @Option(help: "Bytes of the line before a chunk of a request's body; above it 400.")
    var limitChunkLine = 1024

    @Option(help: "Bytes of a request's body; above it 413. [default: none, it is read as far as it is asked for]")
    var limitRequestBody: Int?

    @Option(help: "Bytes of a body that is collected for a view; above it 413.")
    var limitViewBody = ViewLimits().body

    @Option(help: "Fields of a query, and of a form with its files, for a view; above it 400.")
    var limitFormFields = ViewLimits().fields

    @Option(help: "Values of a body that is JSON, for a view; above it 400.")
    var limitJSONValues = ViewLimits().jsonValues

    @Option(help: "Connections at once; above it 503. [default: as many as there are descriptors]")
    var limitConcurrency: Int?

    @Option(help: "Requests of a connection that have not ended, though they may be answered: above it they wait.")
    var limitUnfinished = 100

    @Option(help: "Requests of a thread that have not ended; above it 503.")
    var limitScopes = 65_536

    @Option(help: "Bytes that are read ahead of what a module receives, a connection.")
    var limitReadAhead = 64 * 1024

    @Option(help: "Bytes of a body that nobody received which are read and dropped to keep the connection.")
    var limitUnreadBody = 64 * 1024

    @Option(help: "Bytes under way to a client above which a module's send has to wait.")
    var limitSendAhead = 64 * 1024

    @Option(help: "Bytes under way to a client above which a module's send is refused.")
    var limitSend = 1024 * 1024

    @Option(help: "Files on their way to a client at once; another is refused, and the next request waits.")
    var limitFiles = 64

    @Option(help: "Seconds after a client has ended its side that it is taken to be there still.")
    var timeoutHalfClose = 5

    @Option(help: "Seconds that a client may take to notice that its connection is closed.")
    var timeoutLinger = 2

    @OptionGroup
    var reload: ReloadOptions

    @OptionGroup
    var webSocket: WebSocketOptions

    @OptionGroup
    var worker: WorkerOptions

    /// Where to listen: what is bound already (systemd), and what is asked for.
    var addresses: [BindAddress] {
        get throws {
            var asked = try self.bind.map { text in
                do {
                    return try BindAddress(text, port: self.port)
                } catch { throw ValidationError("--bind \(error)") }
            }
            let given = GivenSockets.descriptors().map { BindAddress.descriptor($0) }.filter { !asked.contains($0) }
            asked = given + asked
            if let uds {
                do {
                    asked.append(.unix(path: try BindAddress.unix(uds)))
                } catch { throw ValidationError("--uds \(error)") }
            }
            guard asked.isEmpty else { return asked }
            do {
                return [.tcp(host: try BindAddress.host(self.host), port: self.port)]
            } catch { throw ValidationError("--host \(error)") }
        }
    }

    /// How long a stop may take in all: its phases, one after the other.
    var stopTime: Int {
        self.worker.timeoutStop
            ?? max(self.timeoutGracefulShutdown, self.drainTime) + HostConfiguration().farewellTime
            + self.timeoutLifespan + 10
    }

    /// How long what was reloaded has to drain.
    var drainTime: Int { self.worker.reloadDrain ?? (self.reload.reload ? 1 : 30) }

    func validate() throws {
        _ = try self.addresses
        guard self.settings == nil || !self.noSettings else {
            throw ValidationError("--settings and --no-settings exclude each other: leave one of them out")
        }
        guard self.worker.supervisor || !self.reload.reload else {
            throw ValidationError("--reload needs the supervisor: leave --no-supervisor out")
        }
        try Self.check("--port", self.port, 0...65535)
        try Self.check("--threads", self.threads, 1...256)
        try Self.check("--blocking-threads", self.blockingThreads, 1...1024)
        try Self.check("--backlog", self.backlog, 1...65535)
        for (name, seconds) in [
            ("--probe-timeout", self.probeTimeout), ("--timeout-lifespan", self.timeoutLifespan),
            ("--timeout-keep-alive", self.timeoutKeepAlive), ("--timeout-request-head", self.timeoutRequestHead),
            ("--timeout-request-body", self.timeoutRequestBody), ("--timeout-write", self.timeoutWrite),
            ("--timeout-graceful-shutdown", self.timeoutGracefulShutdown),
            ("--timeout-half-close", self.timeoutHalfClose), ("--timeout-linger", self.timeoutLinger),
        ] { try Self.check(name, seconds, 1...86_400) }
        for (name, limit) in [
            ("--limit-request-line", self.limitRequestLine), ("--limit-request-field-size", self.limitRequestFieldSize),
            ("--limit-request-fields", self.limitRequestFields), ("--limit-request-head", self.limitRequestHead),
            ("--limit-chunk-line", self.limitChunkLine), ("--limit-unfinished", self.limitUnfinished),
            ("--limit-blocking", self.limitBlocking), ("--limit-scopes", self.limitScopes),
            ("--limit-files", self.limitFiles), ("--limit-groups", self.limitGroups),
            ("--limit-read-ahead", self.limitReadAhead), ("--limit-unread-body", self.limitUnreadBody),
            ("--limit-send-ahead", self.limitSendAhead), ("--limit-send", self.limitSend),
            ("--limit-form-fields", self.limitFormFields), ("--limit-json-values", self.limitJSONValues),
        ] { try Self.check(name, limit, 1...(16 << 20)) }
        if let limit = self.limitRequestBody { try Self.check("--limit-request-body", limit, 1...Int.max) }
        try Self.check("--limit-view-body", self.limitViewBody, 1...Int.max)
        if let limit = self.limitConcurrency { try Self.check("--limit-concurrency", limit, 1...1_000_000) }
        guard self.limitSendAhead <= self.limitSend else {
            throw ValidationError(
                "--limit-send-ahead \(self.limitSendAhead) is more than --limit-send \(self.limitSend)")
        }
        guard self.rootPath.isEmpty || (self.rootPath.hasPrefix("/") && !self.rootPath.hasSuffix("/")) else {
            throw ValidationError("--root-path '\(self.rootPath)' must begin with a / and must not end with one")
        }
    }

    static func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws {
        guard !range.contains(value) else { return }
        throw ValidationError("\(name) \(value) is not between \(range.lowerBound) and \(range.upperBound)")
    }

    var trust: FileTrust {
        get throws {
            var trust = FileTrust()
            for owner in self.trustOwner {
                guard let user = getpwnam(owner)?.pointee.pw_uid ?? UInt32(owner) else {
                    throw ValidationError("--trust-owner '\(owner)' is not a user of this machine")
                }
                trust.owners.insert(user)
            }
            return trust
        }
    }

    /// How workers are to be, by these options.
    var workerPlan: WorkerPlan {
        get throws {
            let workers = self.worker
            var plan = WorkerPlan()
            plan.workers = try workers.count
            plan.requests = workers.limitMaxRequests
            plan.requestJitter = workers.limitMaxRequestsJitter
            plan.memory = workers.limitMaxRss
            plan.lifetime = workers.limitWorkerLifetime
            plan.stall = workers.timeoutWorker == 0 ? nil : workers.timeoutWorker
            plan.start = self.timeoutLifespan + self.probeTimeout + 5
            plan.grace = self.timeoutGracefulShutdown
            plan.stop = self.stopTime
            plan.crashes = workers.limitCrashes
            plan.crashWindow = workers.crashWindow
            plan.state = workers.limitState
            plan.allow(images: workers.limitImages, bytes: workers.limitImageBytes)
            plan.privileges = try workers.privileges
            return plan
        }
    }

    /// All but the logs.
    var hostConfiguration: HostConfiguration {
        var configuration = HostConfiguration()
        configuration.answersHealth = self.worker.health
        configuration.threads = self.threads
        configuration.blockingThreads = self.blockingThreads
        configuration.blockingQueue = self.limitBlocking
        configuration.rootPath = self.rootPath
        configuration.lifespan = self.lifespan.mode
        configuration.groups = self.limitGroups
        configuration.drainTime = self.drainTime
        configuration.stateLimit = self.worker.limitState
        configuration.lifespanTime = self.timeoutLifespan
        configuration.server.backlog = self.backlog
        configuration.server.webSocket = self.webSocket.configuration
        // They were checked when the options were.
        if let origins = try? self.webSocket.origins { configuration.webSocketOrigins = origins }
        configuration.server.keepAliveTime = self.timeoutKeepAlive
        configuration.server.headTime = self.timeoutRequestHead
        configuration.server.bodyTime = self.timeoutRequestBody
        configuration.server.writeTime = self.timeoutWrite
        configuration.server.graceTime = self.timeoutGracefulShutdown
        configuration.server.limits.requestLine = self.limitRequestLine
        configuration.server.limits.field = self.limitRequestFieldSize
        configuration.server.limits.fields = self.limitRequestFields
        configuration.server.limits.head = self.limitRequestHead
        configuration.server.limits.chunkLine = self.limitChunkLine
        configuration.server.unfinished = self.limitUnfinished
        configuration.scopes = self.limitScopes
        configuration.server.limits.body = self.limitRequestBody
        configuration.views.body = self.limitViewBody
        configuration.views.fields = self.limitFormFields
        configuration.views.jsonValues = self.limitJSONValues
        configuration.server.connections = self.limitConcurrency
        configuration.server.readWindow = self.limitReadAhead
        configuration.server.unreadBody = self.limitUnreadBody
        configuration.server.writeMark = self.limitSendAhead
        configuration.server.writeLimit = self.limitSend
        configuration.server.files = self.limitFiles
        configuration.server.halfCloseTime = self.timeoutHalfClose
        configuration.server.lingerTime = self.timeoutLinger
        if !self.serverHeader { configuration.server.serverName = "" }
        return configuration
    }
}

/// Uvicorn's words of when there is a lifespan.
enum Lifespan: String, ExpressibleByArgument, CaseIterable {
    case auto, on, off

    var mode: LifespanMode { LifespanMode(rawValue: self.rawValue) ?? .auto }
}

/// Uvicorn's names of levels.
enum LogLevel: String, ExpressibleByArgument, CaseIterable {
    case critical, error, warning, info, debug, trace

    var level: Logger.Level { Logger.Level(rawValue: self.rawValue) ?? .info }
}
