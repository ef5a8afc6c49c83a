public import HTTPServer
public import HTTPTLS
import Logging
import NIOConcurrencyHelpers
package import RoostDeployment
import RoostSystem
public import ServiceLifecycle
import Synchronization

/// Serves applications: binds sockets, loads and starts the applications, answers requests, and drains before it stops.
/// A host serves once. Thread-safe.
///
/// A service for the embedder's `ServiceGroup`. Changes no state of the process, with one exception: SwiftNIO ignores
/// SIGPIPE from the first socket on, since a client that disconnects would otherwise end the process.
///
/// `stop`, a failed start, and the deallocation of a host that was never started release all descriptors, threads and
/// folders. The code and memory of generations stay, since modules may still point there.
public final class Host: Service {
    private let configuration: HostConfiguration
    let applications: NIOLockedValueBox<[DeployedApplication]>
    /// The applications of a program; nil if the host serves declared applications.
    let embedded: EmbeddedApplications?
    private let listeners: [Listener]
    private let running = NIOLockedValueBox<RunningHost?>(nil)
    /// The deployment of this process while the host runs; nil if it does not run, or if a supervisor makes the
    /// changes.
    private let process = NIOLockedValueBox<ProcessDeployment?>(nil)
    /// The declared applications at the start; nil if a supervisor manages them, or if they are a program's.
    private let deployment: DeploymentState?
    private let isStopping = Atomic(false)
    /// The certificates that were passed to `use`.
    private let latestTLS = NIOLockedValueBox<TLSSettings?>(nil)
    private let starting = HostStart()

    /// The addresses on which the host listens, with the ports that the kernel chose.
    public var addresses: [BindAddress] { self.listeners.map(\.address) }

    /// The URLs of the addresses; for a Unix socket its path.
    public var urls: [String] { self.listeners.map(\.url) }

    /// Binds the addresses. Throws `HostError`.
    ///
    /// A debug build takes one thread only. The loops share a listening socket, so a loop may wake for a connection
    /// that another loop has already accepted; NIO's debug build asserts that this never happens.
    convenience init(_ application: PreparedApplication, configuration: HostConfiguration) throws {
        try Self.refuseDebug(threads: configuration.threads)
        self.init(
            [DeployedApplication(application)],
            on: try Self.bind(configuration), configuration: configuration)
    }

    /// Binds the addresses for declared applications. Applications that could not be prepared are logged, and a
    /// stand-in answers for them. Throws `HostError`, also if one of them is required.
    package convenience init(
        _ deployment: Deployment, _ scan: Deployment.Scan, configuration: HostConfiguration
    ) throws {
        try Self.refuseDebug(threads: configuration.threads)
        if let fault = scan.declared.lazy.compactMap(\.groupFault).first { throw fault }
        var state = try DeploymentState(deployment, scan)
        for case .log(let event, let fields) in state.removeLogLines() { configuration.logger.log(event, fields) }
        self.init(
            state.roster.applications.filter { $0.mount != nil },
            on: try Self.bind(configuration), configuration: configuration, deployment: state)
    }

    /// Serves on sockets that are already bound.
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
        var configuration = configuration
        configuration.server.securePort = listeners.first { $0.security.usesTLS == true }?.address.port
        self.configuration = configuration
        self.listeners = listeners
    }

    deinit { self.closeListeners() }

    private func closeListeners() { for listener in self.listeners { listener.close() } }

    package static func refuseDebug(threads: Int) throws {
        #if DEBUG
            guard threads == 1 else {
                throw HostError(
                    code: .usage,
                    message: "a debug build serves with one worker and one thread only; build with -c release")
            }
        #endif
    }

    /// Binds the addresses of a configuration. Throws `HostError`.
    static func bind(_ configuration: HostConfiguration) throws -> [Listener] {
        let addresses = configuration.addresses.map { $0.resolved(hasCertificate: configuration.tls != nil) }
        return try self.bind(addresses, backlog: configuration.server.backlog)
    }

    /// Binds all addresses or none. Throws `HostError`.
    package static func bind(_ addresses: [ListenAddress], backlog: Int) throws -> [Listener] {
        var listeners: [Listener] = []
        do {
            for address in addresses { listeners += try Listener.all(for: address, backlog: backlog) }
            return listeners
        } catch {
            for listener in listeners { listener.close() }
            throw HostError(code: .listen, message: "\(error)", cause: error)
        }
    }

    /// Serves until the host's service group shuts down.
    public func run() async throws {
        try await self.start()
        try? await gracefulShutdown()
        try await self.stop()
    }

    /// Loads and starts the applications, and begins to serve. Throws `HostError` if a required application does not
    /// start.
    public func start() async throws { try await self.start(beforeServing: { _ in }, whenReady: { _ in }) }

    /// `beforeServing`: called when the applications have started. `whenReady`: called with the optional applications
    /// that failed, before the first connection is accepted. A supervisor must know this before a request can end the
    /// process.
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
                    // From here on `stop` works: the first request may block a loop before `serve` returns.
                    self.running.withLockedValue { $0 = running }
                    // A fault is logged.
                    if let tls = self.latestTLS.withLockedValue({ $0 }) { try? running.use(tls) }
                    whenReady(failures)
                }
            } catch {
                // A concurrent `stop` also ends the host.
                guard !self.isStopping.load(ordering: .relaxed) else { return }
                self.running.withLockedValue { $0 = nil }
                self.process.withLockedValue { $0 = nil }
                await running.end()
                throw error
            }
        } catch {
            // Clients must not wait in a queue from which nothing accepts.
            self.closeListeners()
            self.embedded?.close()
            throw error
        }
    }

    /// Creates the deployment of this process; nil if a supervisor makes the changes.
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

    /// Stops accepting, drains within the graceful-shutdown timeout, and shuts the applications down.
    ///
    /// - Parameters:
    ///   - closesIdle: Whether connections without a request are closed. Otherwise they stay open for a next request,
    ///     since another process takes over.
    ///   - isReplaced: Whether that process has newer applications; the drain timeout then applies.
    ///   - whenStoppedAccepting: Called when no event loop accepts connections any more.
    public func stop(
        closesIdle: Bool = true, isReplaced: Bool = false, whenStoppedAccepting: @escaping @Sendable () -> Void = {}
    ) async throws {
        guard let running = self.running.withLockedValue({ $0 }), !self.isStopping.exchange(true, ordering: .relaxed)
        else { return }
        // The loops have their own descriptors until they stop accepting. After that, new clients are refused or reach
        // another process; none waits in a queue from which nothing accepts.
        self.closeListeners()
        if !closesIdle { running.closeWebSockets() }
        let grace = isReplaced ? self.configuration.drainTime : self.configuration.server.graceTime
        await running.drain(closesIdle: closesIdle, grace: grace, whenStoppedAccepting: whenStoppedAccepting)
        self.running.withLockedValue { $0 = nil }
        self.process.withLockedValue { $0 = nil }
        await running.end()
        self.embedded?.close()
    }

    /// Uses other certificates for the connections from now on. Throws `HostError`, and keeps the previous ones, if they
    /// are not valid. Thread-safe.
    public func use(_ tls: TLSSettings) throws {
        // Used by a start in progress too.
        self.latestTLS.withLockedValue { $0 = tls }
        try self.running.withLockedValue { $0 }?.use(tls)
    }

    /// Closes idle connections that `stop` has left open. Thread-safe.
    public func closeIdle() { self.running.withLockedValue { $0?.closeIdle() } }

    /// Waits for a start in progress, then returns the deployment of this process. If the host was not started, changes
    /// the list instead and returns nil. Thread-safe.
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

    /// The deployment of this process, once the applications have started; nil if a supervisor makes the changes, or if
    /// the host has stopped. Thread-safe.
    package var runningDeployment: ProcessDeployment? { self.process.withLockedValue { $0 } }

    /// The running host; nil if it does not run. Thread-safe.
    package var current: RunningHost? { self.running.withLockedValue { $0 } }

    /// Announces the shutdown to applications that asked for it, while the host still serves. Thread-safe.
    package func announceStop() { self.running.withLockedValue { $0?.announceStop() } }

    /// Has each event loop report to the supervisor that it runs. Thread-safe.
    package func answerPing() { self.running.withLockedValue { $0?.answerPing() } }
}
