public import HTTPServer
public import HTTPTLS
public import Logging
package import Middleware
public import ModuleRuntime
package import NIOCore
package import RoostModules
public import RoostSettings
public import RoostSystem

/// The addresses, limits and logs of a host.
public struct HostConfiguration: Sendable {
    /// The addresses to listen on.
    public var addresses = [ListenAddress(ListenOptions().hostAndPort)]
    /// The number of event loops, one thread each.
    public var threads = 1
    /// The loop of a caller's thread, which is the first of the event loops; nil if all have threads of their own.
    package var callersLoop: (any EventLoop)?
    public var server = ServerConfiguration()
    /// The certificates of the addresses that use TLS; nil if none does.
    public var tls: TLSSettings?
    /// The path prefix that a proxy in front removes: ASGI's `root_path`.
    public var rootPath = ""
    /// The folder below which an embedded host finds modules and settings by name.
    public var folder = "."
    /// The folder for copies of modules; nil for the first usable standard folder.
    public var runDirectory: String?
    /// The users whose files are loaded.
    public var trust = FileTrust()
    /// Loads each module in a child process first, with the command `roost`; nil if modules are not probed.
    package var probe: ModuleProbe?
    /// Maximum seconds of an application's startup, and of its shutdown.
    public var lifespanTime = 60
    /// Seconds from the end of the graceful-shutdown timeout, when applications receive disconnects, until unfinished
    /// requests are cancelled.
    public var cancelDelay = 2
    /// Maximum seconds for requests and WebSockets of a replaced or unmounted generation to finish.
    public var drainTime = 30
    /// The middleware in front of all applications and files, in its order.
    public var middleware: [MiddlewareEntry] = []
    /// The folder with pages for errors; nil for the built-in pages.
    public var errorPages: String?
    /// The folders whose files the host serves itself.
    public var statics: [StaticEntry] = []
    /// Maximum memory for recently sent files, per folder and event loop, in bytes.
    public var staticCache = 4 << 20
    /// Seconds after its last change for which a file is not kept in memory.
    package var staticSettling = 2
    /// Maximum bytes of state that an application passes to its next generation.
    public var stateLimit = 1 << 20
    /// Whether the host itself answers `/healthz` and `/readyz`.
    public var answersHealth = false
    /// The users that workers of other groups may run as.
    package var relayUsers: Set<UInt32> = []
    /// The socket paths of other groups' workers, by the groups' names.
    package var relayPaths: [String: [String]] = [:]
    /// The faults that `DevelopmentPage` shows to browsers; nil without `--reload`.
    package var faults: DevelopmentFaults?
    /// The table of rate limits that the workers of a server share; nil for a table of the process.
    package var rates: RateLimitTable?
    /// The page that a supervised worker shares with its supervisor.
    package var page: WorkerPage?
    /// Maximum number of unfinished scopes of one loop; above it requests get 503.
    public var scopes = 65_536
    /// Maximum number of threads on which modules may block.
    public var blockingThreads = 40
    /// Maximum number of blocking jobs that wait for a thread; above it `spawn` returns `ASGI_FULL`.
    public var blockingQueue = 1024
    /// Maximum number of groups of a WebSocket; above it `join` returns `ASGI_FULL`.
    public var groups = 100
    /// Limits of what is stored for views.
    public var views = ViewLimits()
    /// The origins whose pages may open WebSockets, unless an application names its own.
    public var webSocketOrigins = WebSocketOrigins.same
    /// Whether applications get lifespan events.
    public var lifespan = LifespanMode.auto
    public var logger = Logger(label: "roost")
    /// The access log; nil if requests are not logged.
    public var access: LineWriter?
    public var isAccessColoured = false
    /// The format of the access log. The program's logger has its own.
    public var logFormat = LogFormat.text

    public init() {}
}

extension HostConfiguration {
    /// The middleware of the host, followed by that of the application at a mount; nil for none. Throws `HostError`.
    func middleware(
        before own: [MiddlewareEntry] = [], at mount: Mount = .root, of application: UInt32 = Mounted.ofFiles
    ) throws -> MiddlewareChain? {
        var context = MiddlewareContext()
        context.hiddenPath = PercentEncoding.path(self.rootPath.utf8)
        context.rates = self.rates
        context.faults = self.faults
        context.application = application
        do throws(MiddlewareFault) {
            return try MiddlewareChain(host: self.middleware, own: own, mount: "\(mount)", context)
        } catch { throw HostError(code: .settings, message: "middleware \(error.message)") }
    }
}
