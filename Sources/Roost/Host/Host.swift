public import HTTPServer
import Logging
import NIOConcurrencyHelpers
package import RoostDeployment
import RoostSystem
public import ServiceLifecycle
import Synchronization

/// Serves applications: binds, loads and starts them, answers requests, and drains before it stops. Serves once. [any]
///
/// A service for the embedder's `ServiceGroup`. Changes nothing that belongs to the process, with one exception: SwiftNIO ignores SIGPIPE from the
/// first socket on, since a client that leaves would end the process. `stop`, a start that fails, and the end of a host that was never started
/// give back every descriptor, thread and folder; code and memory of generations stay, since modules may still point there.
public final class Host: Service {
    private let configuration: HostConfiguration
    let applications: NIOLockedValueBox<[DeployedApplication]>
    /// The applications of a program; nil: the host serves what an operator has declared.
    let embedded: EmbeddedApplications?
    private let listeners: [Listener]
    private let areListenersClosed = Atomic(false)
    private let running = NIOLockedValueBox<RunningHost?>(nil)
    /// What makes changes while it runs; nil: it does not run, or a supervisor makes them.
    private let process = NIOLockedValueBox<ProcessDeployment?>(nil)
    /// What is deployed at the start; nil: a supervisor knows it, or the applications are a program's.
    private let deployment: DeploymentState?
    private let isStopping = Atomic(false)
    private let starting = HostStart()

    /// Where it listens, with the ports that the kernel chose.
    public var addresses: [BindAddress] { self.listeners.map(\.address) }

    /// Binds. Throws `HostError`.
    ///
    /// A debug build takes one thread only: the loops share a listening socket, so that one of them may wake for a
    /// connection that another has taken already, and NIO's debug build asserts that this never happens.
    convenience init(_ application: PreparedApplication, configuration: HostConfiguration) throws {
        try Self.refuseDebug(threads: configuration.threads)
        self.init(
            [DeployedApplication(application)],
            on: try Self.bind(configuration.addresses, backlog: configuration.server.backlog),
            configuration: configuration)
    }

    /// The same, for what an operator has declared: applications that could not be prepared are logged, and answered for. Throws `HostError` also
    /// when one of them is required.
    package convenience init(
        _ deployment: Deployment, _ scan: Deployment.Scan, configuration: HostConfiguration
    ) throws {
        try Self.refuseDebug(threads: configuration.threads)
        if let fault = scan.declared.lazy.compactMap(\.groupFault).first { throw fault }
        var state = try DeploymentState(deployment, scan)
        for case .log(let event, let fields) in state.removeLogLines() { configuration.logger.log(event, fields) }
        self.init(
            state.roster.applications.filter { $0.mount != nil },
            on: try Self.bind(configuration.addresses, backlog: configuration.server.backlog),
            configuration: configuration, deployment: state)
    }

    /// Serves on sockets that are bound already.
    package convenience init(
        _ applications: [DeployedApplication], on listeners: [Listener], configuration: HostConfiguration
    ) {
        self.init(applications, on: listeners, configuration: configuration, embedded: nil, deployment: nil)
    }

    init(
        _ applications: [DeployedApplication], on listeners: [Listener], configuration: HostConfiguration,
        embedded: EmbeddedApplications? = nil, deployment: DeploymentState? = nil
    ) {
        self.deployment = deployment
        self.applications = NIOLockedValueBox(applications)
        self.embedded = embedded
        self.configuration = configuration
        self.listeners = listeners
    }

    deinit { self.closeListeners() }

    /// Closes the listening sockets, once: later their numbers are those of other descriptors.
    private func closeListeners() {
        guard !self.areListenersClosed.exchange(true, ordering: .sequentiallyConsistent) else { return }
        for listener in self.listeners { listener.close() }
    }

    package static func refuseDebug(threads: Int) throws {
        #if DEBUG
            guard threads == 1 else {
                throw HostError(
                    code: .usage,
                    message: "a debug build serves with one worker and one thread only; build with -c release")
            }
        #endif
    }

    /// Binds all, or none. Throws `HostError`.
    package static func bind(_ addresses: [BindAddress], backlog: Int) throws -> [Listener] {
        var listeners: [Listener] = []
        do {
            for address in addresses { listeners += try Listener.all(for: address, backlog: backlog) }
            return listeners
        } catch {
            for listener in listeners { listener.close() }
            throw HostError(code: .listen, message: "\(error)", cause: error)
        }
    }

    /// Serves until the group it runs in shuts down.
    public func run() async throws {
        try await self.start()
        try? await gracefulShutdown()
        try await self.stop()
    }

    /// Loads and starts the applications, and begins to serve. Throws `HostError` when one that is needed refuses.
    public func start() async throws { try await self.start(beforeServing: { _ in }, whenReady: { _ in }) }

    /// `beforeServing`: the applications have started. `whenReady`: everything is there, but for those that failed and are not needed, and
    /// nobody has been let in. Who supervises this process has to know it before the first request can end it.
    package func start(
        beforeServing: @Sendable (RunningHost) async -> Void,
        whenReady: @escaping @Sendable ([RunningHost.Failure]) -> Void
    ) async throws {
        do {
            let applications = self.starting.start(self.applications)
            defer { self.starting.end() }
            let running = try await RunningHost(self.configuration)
            do {
                let failures = try await running.start(applications)
                self.process.withLockedValue { $0 = self.makeProcess(running, applications, failures) }
                await beforeServing(running)
                try await running.serve(on: self.listeners) {
                    // From here on it can be stopped: the first request may hold a loop before this has come to its end.
                    self.running.withLockedValue { $0 = running }
                    whenReady(failures)
                }
            } catch {
                // Whoever stops it meanwhile ends it too.
                guard !self.isStopping.load(ordering: .relaxed) else { return }
                self.running.withLockedValue { $0 = nil }
                self.process.withLockedValue { $0 = nil }
                await running.end()
                throw error
            }
        } catch {
            // Clients must not wait in a queue that nobody accepts from.
            self.closeListeners()
            self.embedded?.close()
            throw error
        }
    }

    /// What makes changes in this process; nil: its supervisor does.
    private func makeProcess(
        _ running: RunningHost, _ applications: [DeployedApplication], _ failures: [RunningHost.Failure]
    ) -> ProcessDeployment? {
        guard self.configuration.page == nil else { return nil }
        let plan = WorkerPlan(
            start: self.configuration.lifespanTime, grace: self.configuration.server.graceTime,
            stop: self.configuration.server.graceTime, state: self.configuration.stateLimit)
        return ProcessDeployment(
            running, self.deployment ?? DeploymentState(applications, workers: plan), failures,
            isProgram: self.embedded != nil, self.configuration.logger)
    }

    /// Stops accepting, lets requests end within the time of grace, shuts the applications down. `closesIdle`: connections without a
    /// request are closed; else they wait for it, since another process goes on in this one's place. `isReplaced`: that one has newer
    /// applications, and the time of grace is what these have to drain. `whenDeaf`: nothing more is accepted.
    public func stop(
        closesIdle: Bool = true, isReplaced: Bool = false, whenDeaf: @escaping @Sendable () -> Void = {}
    ) async throws {
        guard let running = self.running.withLockedValue({ $0 }), !self.isStopping.exchange(true, ordering: .relaxed)
        else { return }
        // The loops have their own descriptors until they stop accepting. Then new clients are refused, or go to another process: none waits
        // in a queue that nobody accepts from.
        self.closeListeners()
        if !closesIdle { running.closeWebSockets() }
        let grace = isReplaced ? self.configuration.drainTime : self.configuration.server.graceTime
        await running.drain(closesIdle: closesIdle, grace: grace, whenDeaf: whenDeaf)
        self.running.withLockedValue { $0 = nil }
        self.process.withLockedValue { $0 = nil }
        await running.end()
        self.embedded?.close()
    }

    /// While `stop` lets connections wait: it does so no longer. [any]
    public func closeIdle() { self.running.withLockedValue { $0?.closeIdle() } }

    /// What makes changes, when a start that is under way has ended; nil: the host was not started, and the list was changed. Used from any
    /// thread.
    func whenStarted(orChange change: (inout [DeployedApplication]) -> Void) async -> ProcessDeployment? {
        while true {
            await self.starting.wait()
            if let process = self.runningDeployment { return process }
            let isChanged = self.starting.unlessUnderWay {
                guard self.runningDeployment == nil else { return false }
                self.applications.withLockedValue { change(&$0) }
                return true
            }
            if isChanged { return nil }
        }
    }

    /// What makes changes, from the start of the applications on; nil: a supervisor does, or the host has stopped. Used from any thread.
    package var runningDeployment: ProcessDeployment? { self.process.withLockedValue { $0 } }

    /// What runs; nil: it does not. [any]
    package var current: RunningHost? { self.running.withLockedValue { $0 } }

    /// Tells applications that asked for it that it will stop, while it serves on. [any]
    package func announceStop() { self.running.withLockedValue { $0?.announceStop() } }

    /// Has its loops say that they turn. [any]
    package func answerPing() { self.running.withLockedValue { $0?.answerPing() } }
}
