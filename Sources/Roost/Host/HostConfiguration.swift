public import HTTPServer
public import Logging
public import ModuleRuntime
package import RoostModules
public import RoostSettings
public import RoostSystem

/// What a host serves, where, and how.
public struct HostConfiguration: Sendable {
    /// Where to listen.
    public var addresses = [ListenOptions().hostAndPort]
    /// Event loops, each a thread.
    public var threads = 1
    public var server = ServerConfiguration()
    /// A path that a proxy in front has taken away; ASGI's `root_path`.
    public var rootPath = ""
    /// Folder that names of modules and of settings are looked up below, by a host in a program of one's own.
    public var folder = "."
    /// Folder for copies of modules; nil: one of the usual.
    public var runDirectory: String?
    /// Whose files are loaded.
    public var trust = FileTrust()
    /// Has a child load each module first, by the command `roost`; nil: no child does.
    package var probe: ModuleProbe?
    /// Seconds that an application may take for its startup, and for its shutdown.
    public var lifespanTime = 60
    /// Seconds that applications have after the time of grace, when they were told that their clients are gone, until what
    /// they have not ended is cancelled.
    public var farewellTime = 2
    /// Seconds that requests and WebSockets of a generation go on when another has taken its place.
    public var drainTime = 30
    /// Bytes that an application may hand to its next generation.
    public var stateLimit = 1 << 20
    /// Whether `/healthz` and `/readyz` are answered by the host itself.
    public var answersHealth = false
    /// Who workers of other groups may be.
    package var relayUsers: Set<UInt32> = []
    /// Where their workers answer, by the groups' names.
    package var relayPaths: [String: [String]] = [:]
    /// Where a supervised worker says what it does.
    package var page: WorkerPage?
    /// Scopes of one loop that have not ended: above it requests are answered with 503.
    public var scopes = 65_536
    /// Threads on which modules may block, at most.
    public var blockingThreads = 40
    /// Blocking jobs that wait for a thread: above it `spawn` is FULL.
    public var blockingQueue = 1024
    /// Groups that a WebSocket can be a member of: above it `join` is FULL.
    public var groups = 100
    /// What requests may make it keep for views.
    public var views = ViewLimits()
    /// The origins whose pages may open WebSockets, where an application names none of its own.
    public var webSocketOrigins = WebSocketOrigins.same
    /// Whether applications have a lifespan.
    public var lifespan = LifespanMode.auto
    public var logger = Logger(label: "roost")
    /// Where the line of each request goes; nil: nowhere.
    public var access: LineWriter?
    public var isAccessColoured = false

    public init() {}
}
