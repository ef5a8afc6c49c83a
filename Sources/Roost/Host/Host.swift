import CASGI
public import HTTPServer
import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
public import ServiceLifecycle

/// Serves an application: binds, loads, starts it, answers, and stops without losing what is under way. [any]
///
/// A service for the embedder's `ServiceGroup`. Touches nothing that is the process's: no signal, no environment.
public final class Host: Service {
    private struct Running {
        var group: MultiThreadedEventLoopGroup
        var loops: [LoopPair]
        var server: Server
        var lifespan: Lifespan
        var pool: BlockingPool
    }

    private let configuration: HostConfiguration
    private let application: PreparedApplication
    private let listeners: [Listener]
    private let running = NIOLockedValueBox<Running?>(nil)

    /// Where it listens, with the ports that the kernel chose.
    public var addresses: [BindAddress] { self.listeners.map(\.address) }

    /// Binds. Throws `HostError`.
    ///
    /// A debug build takes one thread only: the loops share a listening socket, so that one of them may wake for a
    /// connection that another has taken already, and NIO's debug build asserts that this never happens.
    public init(_ application: PreparedApplication, configuration: HostConfiguration) throws {
        #if DEBUG
            guard configuration.threads == 1 else {
                throw HostError(
                    code: .usage, message: "this is a debug build, which serves with one thread: build with -c release")
            }
        #endif
        self.application = application
        self.configuration = configuration
        var listeners: [Listener] = []
        do {
            for address in configuration.addresses {
                listeners.append(try Listener(address, backlog: configuration.server.backlog))
            }
        } catch {
            for listener in listeners { listener.close() }
            throw HostError(code: .listen, message: "\(error)", cause: error)
        }
        self.listeners = listeners
    }

    /// Serves until the group it runs in shuts down.
    public func run() async throws {
        try await self.start()
        try? await gracefulShutdown()
        try await self.stop()
    }

    /// Loads and starts the application, and begins to serve. Throws `HostError` when the application refuses.
    public func start() async throws {
        do {
            let image = try self.load()
            let group = MultiThreadedEventLoopGroup(numberOfThreads: self.configuration.threads)
            do {
                try await self.start(image, group)
            } catch {
                try await group.shutdownGracefully()
                throw error
            }
        } catch {
            // Nobody will accept: clients must not wait in the queue.
            for listener in self.listeners { listener.close() }
            throw error
        }
    }

    private func start(_ image: ModuleImage, _ group: MultiThreadedEventLoopGroup) async throws {
        let loops = try await self.makeLoops(group)
        let pool = BlockingPool(
            threads: self.configuration.blockingThreads, queue: self.configuration.blockingQueue)
        let generation = Generation(
            name: self.application.name, application: image.application, flags: image.description.flags,
            settings: self.application.settings,
            rootPath: self.configuration.rootPath, loopExtension: HostTable.makeLoopExtension(loops: loops.count),
            pool: pool, logger: self.configuration.logger
        )
        let lifespan = try Lifespan(generation: generation, mailboxes: loops.map(\.mailbox))
        let limit = self.limit(lifespan, group)
        let outcome = await lifespan.start()
        limit.cancel()
        switch outcome {
        case .refused(let message):
            _ = lifespan.finish(ASGI_DONE)
            pool.stop()
            throw HostError(code: .startup, message: "\(self.application.name) refused to start: \(message)")
        case .without: generation.log(.debug, "has no lifespan")
        case .started, .stopped, .stoppedBadly: generation.log(.debug, "startup complete")
        }
        for loop in loops {
            try await loop.handle.eventLoop.submit { loop.scopes.value.mounts = MountTable(root: generation) }.get()
        }
        let server = Server(loops: loops.map(\.handle), listeners: self.listeners)
        try await server.start()
        self.running.withLockedValue {
            $0 = Running(group: group, loops: loops, server: server, lifespan: lifespan, pool: pool)
        }
    }

    private func load() throws -> ModuleImage {
        do {
            let image = try ModuleImage(path: self.application.staged.path, symbol: self.application.symbol)
            if let fault = image.description.fault { throw HostError(code: .module, message: fault) }
            return image
        } catch let error as HostError {
            throw HostError(code: error.code, message: "\(self.application.path): \(error.message)")
        }
    }

    /// Stops accepting, lets requests end within the time of grace, shuts the application down.
    public func stop() async throws {
        let stopped = self.running.withLockedValue { running in
            defer { running = nil }
            return running
        }
        guard let stopped else { return }
        let grace = TimeAmount.seconds(Int64(self.configuration.server.graceTime))
        let deadline = NIODeadline.now() + grace
        try await stopped.server.stop(grace: grace)
        for listener in self.listeners { listener.close() }
        try await self.endScopes(stopped.loops, deadline: deadline)
        let limit = self.limit(stopped.lifespan, stopped.group)
        let outcome = await stopped.lifespan.stop()
        limit.cancel()
        // Its id is over too: nothing is posted to loops that are no more.
        _ = stopped.lifespan.finish(ASGI_DONE)
        stopped.pool.stop()
        if case .stoppedBadly(let message) = outcome {
            self.configuration.logger.error(
                "shutdown: \(message)", metadata: ["application": "\(self.application.name)"]
            )
        }
        try await stopped.group.shutdownGracefully()
    }

    /// Waits for scopes that outlive their response; at the deadline they are told CANCELLED.
    private func endScopes(_ loops: [LoopPair], deadline: NIODeadline) async throws {
        for loop in loops {
            let eventLoop = loop.handle.eventLoop
            let timer = eventLoop.scheduleTask(deadline: deadline) { loop.scopes.value.cancelAll() }
            let cancelled = timer.futureResult
            try await eventLoop.flatSubmit { loop.scopes.value.whenEmpty(orAfter: cancelled) }.get()
            timer.cancel()
            if let count = try? await cancelled.get(), count > 0 {
                self.configuration.logger.warning(
                    "\(count) scopes had not ended when the time of grace was over; cancelled",
                    metadata: ["application": "\(self.application.name)"]
                )
            }
        }
    }

    /// Gives the lifespan up when it does not answer in time.
    private func limit(_ lifespan: Lifespan, _ group: MultiThreadedEventLoopGroup) -> Scheduled<Void> {
        let seconds = self.configuration.lifespanTime
        return group.next().scheduleTask(in: .seconds(Int64(seconds))) { lifespan.giveUp(after: seconds) }
    }

    private func makeLoops(_ group: MultiThreadedEventLoopGroup) async throws -> [LoopPair] {
        var loops: [LoopPair] = []
        let count = ConnectionCount()
        let messages = MessageMemory(most: self.configuration.server.webSocket.allMessages)
        for (number, eventLoop) in group.makeIterator().enumerated() {
            let configuration = self.configuration
            loops.append(
                try await eventLoop.submit {
                    LoopPair(number: number, eventLoop: eventLoop, configuration, count, messages)
                }
                .get()
            )
        }
        return loops
    }
}

/// The two sides of one loop, as other threads may hold them.
private struct LoopPair: Sendable {
    let handle: ServerLoop.Handle
    let scopes: NIOLoopBound<ScopeLoop>
    let mailbox: Mailbox

    /// On the loop.
    init(
        number: Int, eventLoop: any EventLoop, _ configuration: HostConfiguration, _ count: ConnectionCount,
        _ messages: MessageMemory
    ) {
        let scopes = ScopeLoop(number: number, mounts: MountTable(), mostScopes: configuration.scopes)
        let log = AccessLog(
            writer: configuration.access, logger: configuration.logger, isColoured: configuration.isAccessColoured
        )
        let server = ServerLoop(
            eventLoop: eventLoop, configuration: configuration.server, count: count, messages: messages,
            handler: scopes, log: log
        )
        scopes.join(server, sendMark: configuration.server.writeMark, sendLimit: configuration.server.writeLimit)
        self.handle = ServerLoop.Handle(server)
        self.scopes = NIOLoopBound(scopes, eventLoop: eventLoop)
        self.mailbox = scopes.mailbox
    }
}
