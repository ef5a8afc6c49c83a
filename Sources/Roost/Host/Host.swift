import CASGI
public import HTTPServer
import NIOConcurrencyHelpers
public import ServiceLifecycle
import Synchronization

/// Serves an application: binds, loads, starts it, answers, and stops without losing what is under way. [any]
///
/// A service for the embedder's `ServiceGroup`. Touches nothing that is the process's: no signal, no environment.
public final class Host: Service {
    /// What it answers with.
    enum Work: Sendable {
        case application(PreparedApplication)
        /// An application that is not there.
        case standIn(OwnAnswer)
    }

    private let configuration: HostConfiguration
    private let work: Work
    private let listeners: [Listener]
    private let running = NIOLockedValueBox<RunningHost?>(nil)
    private let isStopping = Atomic(false)

    /// Where it listens, with the ports that the kernel chose.
    public var addresses: [BindAddress] { self.listeners.map(\.address) }

    /// Binds. Throws `HostError`.
    ///
    /// A debug build takes one thread only: the loops share a listening socket, so that one of them may wake for a
    /// connection that another has taken already, and NIO's debug build asserts that this never happens.
    public convenience init(_ application: PreparedApplication, configuration: HostConfiguration) throws {
        try Self.refuseDebug(threads: configuration.threads)
        self.init(
            .application(application),
            on: try Self.bind(configuration.addresses, backlog: configuration.server.backlog),
            configuration: configuration)
    }

    /// Serves on sockets that are bound already.
    init(_ work: Work, on listeners: [Listener], configuration: HostConfiguration) {
        self.work = work
        self.configuration = configuration
        self.listeners = listeners
    }

    static func refuseDebug(threads: Int) throws {
        #if DEBUG
            guard threads == 1 else {
                throw HostError(
                    code: .usage,
                    message: "this is a debug build, which serves with one worker of one thread: build with -c release")
            }
        #endif
    }

    /// Binds all, or none. Throws `HostError`.
    static func bind(_ addresses: [BindAddress], backlog: Int) throws -> [Listener] {
        var listeners: [Listener] = []
        do {
            for address in addresses { listeners.append(try Listener(address, backlog: backlog)) }
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

    /// Loads and starts the application, and begins to serve. Throws `HostError` when the application refuses.
    public func start() async throws { try await self.start(whenReady: {}) }

    /// `whenReady`: everything is there, and nobody has been let in. Who supervises this process has to know it before the first
    /// request can end it.
    public func start(whenReady: @escaping @Sendable () -> Void) async throws {
        do {
            let loaded = try self.load()
            let running = try await RunningHost(self.configuration)
            // From here on it can be stopped: the first request may hold a loop before this has come to its end.
            let isReady = { @Sendable in
                self.running.withLockedValue { $0 = running }
                whenReady()
            }
            do {
                if let (application, image) = loaded {
                    try await running.serve(application, image, on: self.listeners, whenReady: isReady)
                } else if case .standIn(let answer) = self.work {
                    try await running.standIn(answer, on: self.listeners, whenReady: isReady)
                }
            } catch {
                self.running.withLockedValue { $0 = nil }
                await running.end()
                throw error
            }
        } catch {
            // Nobody will accept: clients must not wait in the queue.
            for listener in self.listeners { listener.close() }
            throw error
        }
    }

    /// Nil: there is nothing to load.
    private func load() throws -> (PreparedApplication, ModuleImage)? {
        guard case .application(let application) = self.work else { return nil }
        do {
            let image = try ModuleImage(path: application.staged.path, symbol: application.symbol)
            if let fault = image.description.fault(threads: self.configuration.threads) {
                throw HostError(code: .module, message: fault)
            }
            return (application, image)
        } catch let error as HostError {
            throw HostError(code: error.code, message: "\(application.path): \(error.message)")
        }
    }

    /// Stops accepting, lets requests end within the time of grace, shuts the application down. `closesIdle`: connections without a
    /// request are closed; else they wait for it, since another process goes on in this one's place. `whenDeaf`: nothing more is accepted.
    public func stop(closesIdle: Bool = true, whenDeaf: @escaping @Sendable () -> Void = {}) async throws {
        guard let running = self.running.withLockedValue({ $0 }), !self.isStopping.exchange(true, ordering: .relaxed)
        else { return }
        // The loops have their own descriptors until they stop accepting. Then new clients are refused, or another process's: nobody
        // waits in a queue that has no end.
        for listener in self.listeners { listener.close() }
        await running.drain(closesIdle: closesIdle, whenDeaf: whenDeaf)
        self.running.withLockedValue { $0 = nil }
        await running.end()
    }

    /// While `stop` lets connections wait: it does so no longer. [any]
    public func closeIdle() { self.running.withLockedValue { $0?.closeIdle() } }

    /// Has its loops say that they turn. [any]
    func answerPing() { self.running.withLockedValue { $0?.answerPing() } }
}
