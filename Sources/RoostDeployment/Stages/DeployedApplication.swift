package import ModuleRuntime
package import RoostSettings
import RoostSystem

/// An application that is to be served: its number, its place, the generation that serves it or is to, and what has become of earlier ones.
///
/// The supervisor, or the host in a single process, keeps it in a `Roster`; the processes that run it get what concerns them by an
/// `ApplicationList`.
public struct DeployedApplication: Sendable {
    /// What answers its requests in a process.
    package enum Answerer: Sendable {
        case module(PreparedApplication)
        /// An application of the embedding program.
        case program(any ProgramApplication)
        /// The workers of another group.
        case group(String)
        /// The host, in its place.
        case standIn(OwnAnswer)
    }

    /// Identifies it to the processes that serve it: whatever takes its place has the same number.
    package let number: UInt32
    /// Identifies it over reloads.
    package let key: String
    /// The name by which logs and `roost status` call it.
    public internal(set) var name: String
    /// Where it is declared.
    package let place: String
    /// Nil: it cannot be mounted, since nobody knows where.
    package let mount: Mount?
    package let isRequired: Bool
    /// The worker group that runs it; nil: the workers that accept connections.
    package let group: String?
    /// In the workers that accept connections: requests go to the workers of its group.
    package var isRelayed = false
    /// The generation that serves, or is to; nil: none could be prepared.
    package internal(set) var prepared: PreparedApplication?
    /// The application of an embedding program.
    private let program: (any ProgramApplication)?
    /// The generation that served before, while a rollback is possible.
    var previous: PreparedApplication?
    /// The generation that was to take its place and failed: it is not tried again before somebody asks for it.
    var refused: PreparedApplication?
    /// Why it does not serve, or why the file on disk does not; nil: it serves.
    public internal(set) var fault: String?
    package var isQuarantined = false
    /// It did not start, and there is no earlier generation: it is tried again, with growing delays.
    package var isFailing = false
    /// A release in which it does not start is refused.
    package var mustStart = false
    /// The origins whose pages may open WebSockets; nil: those of the host.
    package var origins: WebSocketOrigins?

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
        if case .failure(let error) = declared.preparation { self.fault = error.message }
    }

    /// A module that one process serves.
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
    }

    /// An application as a process is told of it: what answers, and where.
    package init(
        number: UInt32, name: String, mount: Mount, mustStart: Bool = true, origins: WebSocketOrigins? = nil,
        _ answerer: Answerer
    ) {
        self.number = number
        self.key = mount.description
        self.name = name
        self.place = ""
        self.mount = mount
        self.isRequired = mustStart
        self.mustStart = mustStart
        self.origins = origins
        if case .program(let program) = answerer { self.program = program } else { self.program = nil }
        if case .module(let prepared) = answerer { self.prepared = prepared }
        if case .group(let group) = answerer { self.group = group } else { self.group = nil }
        self.isRelayed = self.group != nil
        guard case .standIn(let answer) = answerer else { return }
        self.isQuarantined = answer == .quarantined
        self.isFailing = !self.isQuarantined
    }

    /// Whether the others serve without it when it does not start.
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

    /// The environment variable that a process needs that runs it; nil: none.
    package var variable: PreparedApplication.Variable? { self.isRelayed ? nil : self.prepared?.variable }

    // MARK: For people

    public var version: String { self.prepared?.version ?? "" }
    /// The file of its module, or where it is declared.
    public var module: String { self.prepared?.path ?? self.place }
    /// The path of its mount, with its host names; empty: it has none.
    public var mountPoint: String { self.mount?.description ?? "" }
    /// The file of its settings; nil: it has none.
    public var settingsPath: String? { self.prepared?.settingsPath }
    package var settingsModule: SettingsModule? { self.prepared?.settingsModule }
}
