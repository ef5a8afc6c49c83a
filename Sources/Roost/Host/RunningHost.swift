import HTTPServer
import Logging
import ModuleRuntime
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import RoostSystem
import Synchronization

/// What a host consists of while it runs: its loops, its threads, its server and its applications. [any]
///
/// Begins with `start` and `serve`; ends with `drain`, which loses nothing, and `end`, which can follow whatever came before.
package final class RunningHost: Sendable {
    package let configuration: HostConfiguration
    private let group: MultiThreadedEventLoopGroup
    let loops: [LoopPair]
    let facilities: HostFacilities
    private let watch: LoopWatch
    /// What is mounted.
    let applications = NIOLockedValueBox<[RunningApplication]>([])
    /// What was, and has requests that have not ended.
    let leaving = NIOLockedValueBox<[RunningApplication]>([])
    /// What has started for a change that is not committed, by the number of the change.
    let prepared = NIOLockedValueBox<[Int: Preparing]>([:])
    /// Groups of workers that answer for applications mounted here.
    let groups = NIOLockedValueBox(Groups())
    /// What is loaded, for good.
    let images = NIOLockedValueBox<[LoadedKey: ModuleImage]>([:])
    private let server = NIOLockedValueBox<Server?>(nil)
    /// A loop did not come to its end when all had their time.
    private let hangs = Atomic(false)
    /// How long a call of a module may hold a loop beyond the times that all were given, until the loop is taken to hang.
    private static let patience = TimeAmount.seconds(5)

    init(_ configuration: HostConfiguration) async throws {
        self.configuration = configuration
        self.group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.threads)
        self.loops = try await Self.makeLoops(self.group, configuration)
        self.facilities = HostFacilities(
            mailboxes: self.loops.map(\.mailbox), threads: configuration.blockingThreads,
            queue: configuration.blockingQueue, groups: configuration.groups, views: configuration.views)
        self.watch = LoopWatch(self.loops.map(\.activity))
        // Where nobody was there when this was written down, it is told again.
        for (group, paths) in configuration.relayPaths where !paths.isEmpty { self.use(paths, for: group) }
    }

    /// Begins to accept: `whenReady` before that.
    func serve(on listeners: [Listener], whenReady: @Sendable () -> Void) async throws {
        self.watch.start()
        let server = Server(loops: self.loops.map(\.handle), listeners: listeners)
        self.server.withLockedValue { $0 = server }
        whenReady()
        try await server.start()
    }

    // MARK: The end

    /// Stops accepting, tells applications, and lets requests and scopes end within the time of grace; `closesIdle`: connections
    /// without a request are not waited for. Then clients and applications are told that it is over, and what has not ended
    /// a moment later is cut and cancelled.
    /// `grace`: its seconds.
    func drain(closesIdle: Bool, grace seconds: Int, whenDeaf: @escaping @Sendable () -> Void) async {
        let grace = TimeAmount.seconds(Int64(seconds))
        let farewell = TimeAmount.seconds(Int64(self.configuration.farewellTime))
        let deadline = NIODeadline.now() + grace + farewell
        // A loop that hangs does not come to its end: the lifespan's shutdown does not wait for it for ever.
        let isDone = await self.within(grace + farewell) {
            await self.stopServer(closesIdle: closesIdle, grace: grace, farewell: farewell, whenDeaf: whenDeaf)
            await withTaskGroup { group in
                for loop in self.loops { group.addTask { await self.endScopes(of: loop, deadline: deadline) } }
            }
        }
        guard !isDone else { return }
        self.hangs.store(true, ordering: .relaxed)
        self.configuration.logger.log(.loopsNotStopped, ["reason": "a call of a module does not return"])
    }

    /// Waits until the work is done, or (false), after the time, a loop hangs in one and the same call of a module: then the work goes
    /// on by itself.
    private func within(_ time: TimeAmount, _ work: @escaping @Sendable () async -> Void) async -> Bool {
        let activities = self.loops.map(\.activity)
        return await withCheckedContinuation { continuation in
            let waiting = NIOLockedValueBox<CheckedContinuation<Bool, Never>?>(continuation)
            let goOn: @Sendable (Bool) -> Void = { isDone in
                waiting.withLockedValue { waiting in
                    defer { waiting = nil }
                    return waiting
                }?.resume(returning: isDone)
            }
            Task {
                await work()
                goOn(true)
            }
            Task {
                // It is not cancelled.
                try? await Task.sleep(for: .nanoseconds(time.nanoseconds))
                while waiting.withLockedValue({ $0 != nil }) {
                    let calls = activities.map(\.calls)
                    try? await Task.sleep(for: .nanoseconds(Self.patience.nanoseconds))
                    if zip(calls, activities).contains(where: { $0 & 1 == 1 && $0 == $1.calls }) { goOn(false) }
                }
            }
        }
    }

    /// While `drain` runs: connections without a request are closed after all.
    func closeIdle() { self.server.withLockedValue { $0?.closeIdle() } }

    /// Shuts the applications down, and gives everything back.
    func end() async {
        await self.stopServer(closesIdle: true, grace: .zero, farewell: .zero)
        let all =
            self.applications.withLockedValue { $0 } + self.leaving.withLockedValue { $0 }
            + self.prepared.withLockedValue { $0.values.flatMap(\.started) }
        await withTaskGroup { group in
            for application in all { group.addTask { await self.shutDown(application) } }
        }
        self.watch.stop()
        self.facilities.stop()
        // What hangs cannot be ended, and what waits for it is still on its way to it.
        guard !self.hangs.load(ordering: .relaxed) else { return }
        do {
            try await self.group.shutdownGracefully()
        } catch { self.configuration.logger.log(.loopsNotStopped, ["reason": "\(error)"]) }
    }

    private func stopServer(
        closesIdle: Bool, grace: TimeAmount, farewell: TimeAmount, whenDeaf: @escaping @Sendable () -> Void = {}
    ) async {
        guard let server = self.server.withLockedValue({ $0 }) else { return }
        let listening = NIOLockedValueBox(self.loops.count)
        do {
            try await server.stop(closesIdle: closesIdle, grace: grace, farewell: farewell) { loop in
                self.facilities.announceStop(on: loop)
                let isLast = listening.withLockedValue { listening in
                    listening -= 1
                    return listening == 0
                }
                if isLast { whenDeaf() }
            }
        } catch { self.configuration.logger.log(.serverNotStopped, ["reason": "\(error)"]) }
        self.server.withLockedValue { $0 = nil }
    }

    /// Whoever asks by a relay ends first: applications are told before. [any]
    func announceStop() {
        for number in self.loops.indices { self.facilities.announceStop(on: number) }
    }

    /// Has every loop say that it turns, and what it has, in the page that the supervisor reads. [any]
    func answerPing() {
        for loop in self.loops {
            loop.handle.eventLoop.execute {
                loop.scopes.value.answerPing(connections: loop.handle.bound.value.connectionCount)
            }
        }
    }

    /// Waits for scopes that outlive their response; at the deadline they are told CANCELLED.
    private func endScopes(of loop: LoopPair, deadline: NIODeadline) async {
        let eventLoop = loop.handle.eventLoop
        let timer = eventLoop.scheduleTask(deadline: deadline) { loop.scopes.value.cancelAll() }
        let cancelled = timer.futureResult
        // It does not fail: it ends at the deadline.
        try? await eventLoop.flatSubmit { loop.scopes.value.whenEmpty(orAfter: cancelled) }.get()
        timer.cancel()
        if let count = try? await cancelled.get(), count > 0 {
            self.configuration.logger.log(.scopesCancelled, ["count": "\(count)"])
        }
    }

    private static func makeLoops(
        _ group: MultiThreadedEventLoopGroup, _ configuration: HostConfiguration
    ) async throws -> [LoopPair] {
        var loops: [LoopPair] = []
        let count = ConnectionCount()
        let messages = MessageMemory(most: configuration.server.webSocket.allMessages)
        for (number, eventLoop) in group.makeIterator().enumerated() {
            loops.append(
                try await eventLoop.submit {
                    LoopPair(number: number, eventLoop: eventLoop, configuration, count, messages)
                }.get()
            )
        }
        return loops
    }
}

/// The two sides of one loop, as other threads may hold them.
struct LoopPair: Sendable {
    let handle: ServerLoop.Handle
    let scopes: NIOLoopBound<ScopeLoop>
    let mailbox: Mailbox
    let activity: LoopActivity

    /// On the loop.
    init(
        number: Int, eventLoop: any EventLoop, _ configuration: HostConfiguration, _ count: ConnectionCount,
        _ messages: MessageMemory
    ) {
        let scopes = ScopeLoop(
            number: number, mounts: MountTable(), mostScopes: configuration.scopes, mostGroups: configuration.groups,
            call: configuration.page?.call(of: number)
        )
        scopes.answersHealth = configuration.answersHealth
        scopes.origins = configuration.webSocketOrigins
        let log = AccessLog(
            writer: configuration.access, logger: configuration.logger,
            format: configuration.logFormat, isColoured: configuration.isAccessColoured
        )
        let server = ServerLoop(
            eventLoop: eventLoop, configuration: configuration.server, count: count, messages: messages,
            handler: scopes,
            log: log
        )
        scopes.join(server, sendMark: configuration.server.writeMark, sendLimit: configuration.server.writeLimit)
        self.handle = ServerLoop.Handle(server)
        self.scopes = NIOLoopBound(scopes, eventLoop: eventLoop)
        self.mailbox = scopes.mailbox
        self.activity = scopes.activity
    }
}
