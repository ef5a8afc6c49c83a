package import ModuleRuntime
package import RoostSettings
import RoostSystem

/// An application to be served: its number, its mount, its current generation, and the state of earlier generations.
///
/// The supervisor, or the host in a single process, keeps it in a `Roster`. The processes that run it receive what they
/// need in an `ApplicationList`.
public struct DeployedApplication: Sendable {
    /// What answers the application's requests in a process.
    package enum Answerer: Sendable {
        case module(PreparedApplication)
        /// An application of the embedding program.
        case program(any ProgramApplication)
        /// The workers of another group, which requests are relayed to.
        case group(String)
        /// The host itself, in place of the application.
        case standIn(OwnAnswer)
    }

    /// Identifies the application to the processes that serve it. Its later generations have the same number.
    package let number: UInt32
    /// Identifies the application across reloads.
    package let key: String
    /// The name in logs and in `roost status`.
    public internal(set) var name: String
    /// Where it is declared.
    package let place: String
    /// Nil if it cannot be mounted, since its mount is unknown.
    package let mount: Mount?
    package let isRequired: Bool
    /// The worker group that runs it; nil for the workers that accept connections.
    package let group: String?
    /// Whether the process relays requests to the workers of the group, as the workers that accept connections do.
    package var isRelayed = false
    /// The generation that serves or is to serve; nil if none could be prepared.
    package internal(set) var prepared: PreparedApplication?
    /// The application of an embedding program.
    private let program: (any ProgramApplication)?
    /// The previous generation, while a rollback to it is possible.
    var previous: PreparedApplication?
    /// The generation that failed to replace the current one. It is not tried again until a reload is requested.
    var refused: PreparedApplication?
    /// Why the application does not serve, or why the file on disk does not; nil if there is no fault.
    public internal(set) var fault: String?
    package var isQuarantined = false
    /// Whether it did not start and has no earlier generation: it is tried again, with growing delays.
    package var isFailing = false
    /// Whether a release in which it does not start is refused.
    package var mustStart = false
    /// The origins whose pages may open WebSockets; nil for those of the host.
    package var origins: WebSocketOrigins?
    /// The folders whose files the host serves below its mount.
    package var statics: [StaticEntry] = []
    /// The middleware in front of it, after that of the host.
    package var middleware: [MiddlewareEntry] = []

    init(number: UInt32, _ declared: DeclaredApplication) {
        self.number = number
        self.key = declared.key
        self.name = declared.name
        self.place = declared.place
        self.mount = declared.mount
        self.isRequired = declared.isRequired
        self.mustStart = declared.isRequired
        self.group = declared.group
        self.program = nil
        self.prepared = declared.prepared
        self.origins = declared.prepared?.origins
        self.statics = declared.prepared?.statics ?? []
        self.middleware = declared.prepared?.middleware ?? []
        if case .failure(let error) = declared.preparation { self.fault = error.message }
    }

    /// A module that a single process serves.
    package init(number: UInt32 = 1, _ prepared: PreparedApplication) {
        self.number = number
        self.key = prepared.mount.description
        self.name = prepared.name
        self.place = prepared.place
        self.mount = prepared.mount
        self.isRequired = true
        self.mustStart = true
        self.group = nil
        self.program = nil
        self.prepared = prepared
        self.origins = prepared.origins
        self.statics = prepared.statics
        self.middleware = prepared.middleware
    }

    /// An application as described to a process: what answers its requests, and where.
    package init(
        number: UInt32, name: String, mount: Mount, mustStart: Bool = true, origins: WebSocketOrigins? = nil,
        statics: [StaticEntry] = [], middleware: [MiddlewareEntry] = [], _ answerer: Answerer
    ) {
        self.number = number
        self.key = mount.description
        self.name = name
        self.place = ""
        self.mount = mount
        self.isRequired = mustStart
        self.mustStart = mustStart
        self.origins = origins
        self.statics = statics
        self.middleware = middleware
        if case .program(let program) = answerer { self.program = program } else { self.program = nil }
        if case .module(let prepared) = answerer { self.prepared = prepared }
        if case .group(let group) = answerer { self.group = group } else { self.group = nil }
        self.isRelayed = self.group != nil
        guard case .standIn(let answer) = answerer else { return }
        self.isQuarantined = answer == .quarantined
        self.isFailing = !self.isQuarantined
    }

    /// Whether the other applications serve without it if it does not start.
    package var isOptional: Bool { self.isRelayed || !self.mustStart }

    /// Whether a generation of it serves.
    package var serves: Bool {
        (self.prepared != nil || self.program != nil) && !self.isQuarantined && !self.isFailing
    }

    package var answerer: Answerer {
        if let group, self.isRelayed { return .group(group) }
        if self.isQuarantined { return .standIn(.quarantined) }
        if self.isFailing { return .standIn(.notStarted) }
        if let program { return .program(program) }
        return self.prepared.map { .module($0) } ?? .standIn(.notStarted)
    }

    /// The environment variable that a process needs to run it; nil if there is none.
    package var variable: PreparedApplication.Variable? { self.isRelayed ? nil : self.prepared?.variable }

    /// The names of the applications that wrap it, the outermost first.
    package var wrappers: [String] { self.prepared?.wrappers ?? [] }

    // MARK: For display

    public var version: String { self.prepared?.version ?? "" }
    /// The file of its module, or where it is declared.
    public var module: String { self.prepared?.path ?? self.place }
    /// The path of its mount, with its host names; empty if it has none.
    public var mountPoint: String { self.mount?.description ?? "" }
    /// The file of its settings; nil if it has none.
    public var settingsPath: String? { self.prepared?.settingsPath }
    package var settingsModule: SettingsModule? { self.prepared?.settingsModule }
}
