import HTTPServer
package import HTTPTLS
import Logging
import ModuleRuntime
import NIOConcurrencyHelpers
import NIOCore
import RoostSystem
import Synchronization

/// The parts of a running host: its event loops, threads, server and applications. Thread-safe.
///
/// Starts with `start` and `serve`. Stops with `drain`, which loses no request within its timeout, and `end`, which may
/// be called in any state.
package final class RunningHost: Sendable {
    package let configuration: HostConfiguration
    private let eventLoops: EventLoops
    let loops: [LoopPair]
    let facilities: HostFacilities
    private let watch: LoopWatch
    /// The mounted applications.
    let applications = NIOLockedValueBox<[RunningApplication]>([])
    /// Unmounted applications with unfinished requests.
    let leaving = NIOLockedValueBox<[RunningApplication]>([])
    /// The tasks that drain unmounted applications, which use the event loops.
    let retirements = NIOLockedValueBox<[ObjectIdentifier: Task<Void, Never>]>([:])
    /// Applications that have started for a change that is not committed yet, by the number of the change.
    let prepared = NIOLockedValueBox<[Int: Preparing]>([:])
    /// The worker groups that answer for applications mounted here.
    let groups = NIOLockedValueBox(Groups())
    /// The loaded images, which are never unloaded.
    let images = NIOLockedValueBox<[LoadedKey: ModuleImage]>([:])
    /// The mounts of static files.
    let statics: StaticMounts
    private let server = NIOLockedValueBox<Server?>(nil)
    /// What encrypts connections, and how its listeners treat client certificates; nil without TLS.
    private let encryption = NIOLockedValueBox<(TLSEncryption, Set<ListenerSecurity.ClientCertificates>)?>(nil)
    /// Whether an event loop was stalled when `drain` timed out.
    private let hangs = Atomic(false)
    /// How long one call of a module may block an event loop after the timeouts before the loop counts as stalled.
    private static let patience = TimeAmount.seconds(5)

    init(_ configuration: HostConfiguration) async throws {
        var configuration = configuration
        if let folder = configuration.errorPages {
            do { configuration.server.errorPages = try ErrorPageFolder.read(folder) } catch {
                // The supervisor has read them at its start. A worker serves without them rather than not at all.
                guard configuration.page != nil else { throw error }
                configuration.logger.log(.errorPagesUnreadable, ["reason": "\(error)"])
            }
        }
        self.configuration = configuration
        let eventLoops = EventLoops(threads: configuration.threads, callers: configuration.callersLoop)
        self.eventLoops = eventLoops
        do { self.loops = try await Self.makeLoops(eventLoops, configuration) } catch {
            // A fault here would hide the cause.
            try? await eventLoops.shutDown()
            throw error
        }
        self.statics = StaticMounts(configuration, on: self.loops.map(\.handle))
        self.facilities = HostFacilities(
            mailboxes: self.loops.map(\.mailbox), threads: configuration.blockingThreads,
            queue: configuration.blockingQueue, groups: configuration.groups, views: configuration.views)
        self.watch = LoopWatch(self.loops.map(\.activity))
        // A group without workers has no paths yet; `use` sets them later.
        for (group, paths) in configuration.relayPaths where !paths.isEmpty { self.use(paths, for: group) }
    }

    /// Begins to accept connections. Calls `whenReady` before the first.
    func serve(on listeners: [Listener], whenReady: @Sendable () -> Void) async throws {
        self.watch.start()
        let encryption = try self.makeEncryption(listeners)
        let server = Server(loops: self.loops.map(\.handle), listeners: listeners, encryption: encryption)
        self.server.withLockedValue { $0 = server }
        whenReady()
        try await server.start()
    }

    // MARK: TLS

    /// Makes what encrypts connections; nil if no listener uses TLS. Throws `HostError`.
    private func makeEncryption(_ listeners: [Listener]) throws -> TLSEncryption? {
        let secured = listeners.filter { $0.security.usesTLS == true }
        guard !secured.isEmpty else { return nil }
        guard let settings = self.configuration.tls else {
            throw HostError(code: .settings, message: "\(secured[0].url) uses TLS, but there is no certificate")
        }
        let clients = Set(secured.compactMap(\.security.clientCertificates))
        let encryption = TLSEncryption(try self.contexts(settings, clients))
        self.encryption.withLockedValue { $0 = (encryption, clients) }
        return encryption
    }

    private func contexts(
        _ settings: TLSSettings, _ clients: Set<ListenerSecurity.ClientCertificates>
    ) throws(HostError) -> TLSContexts {
        try TLSContexts.checked(
            settings, needed: clients, servesHTTP2: self.configuration.server.http2.isServed)
    }

    /// Uses other certificates for the connections from now on. Throws `HostError` if they are not valid, and logs that.
    package func use(_ settings: TLSSettings) throws {
        guard let (encryption, clients) = self.encryption.withLockedValue({ $0 }) else { return }
        do {
            encryption.use(try self.contexts(settings, clients))
        } catch {
            self.configuration.logger.log(.certificatesRefused, ["reason": "\(error)"])
            throw error
        }
    }

    // MARK: End

    /// Stops accepting, announces the shutdown to applications, and lets requests and scopes finish within `grace`
    /// seconds. Then notifies clients and applications, and waits for the configuration's `cancelDelay`. Finally cuts
    /// the remaining connections and cancels the remaining scopes.
    ///
    /// `closesIdle`: closes connections without a request immediately. `whenStoppedAccepting`: called when no event loop accepts
    /// connections any more.
    func drain(closesIdle: Bool, grace seconds: Int, whenStoppedAccepting: @escaping @Sendable () -> Void) async {
        let grace = TimeAmount.seconds(Int64(seconds))
        let cancelDelay = TimeAmount.seconds(Int64(self.configuration.cancelDelay))
        let deadline = NIODeadline.now() + grace + cancelDelay
        // A stalled loop never finishes; the lifespan's shutdown must not wait for it forever.
        let isDone = await self.within(grace + cancelDelay) {
            await self.stopServer(
                closesIdle: closesIdle, grace: grace, cancelDelay: cancelDelay,
                whenStoppedAccepting: whenStoppedAccepting)
            await withTaskGroup { group in
                for loop in self.loops { group.addTask { await self.endScopes(of: loop, deadline: deadline) } }
            }
        }
        guard !isDone else { return }
        self.hangs.store(true, ordering: .relaxed)
        self.configuration.logger.log(.loopsNotStopped, ["reason": "a call of a module does not return"])
    }

    /// Waits for the work. Returns false if, after the time, an event loop is stalled in one call of a module; the work
    /// then continues in the background.
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
                // This task is never cancelled.
                try? await Task.sleep(for: .nanoseconds(time.nanoseconds))
                while waiting.withLockedValue({ $0 != nil }) {
                    let calls = activities.map(\.calls)
                    try? await Task.sleep(for: .nanoseconds(Self.patience.nanoseconds))
                    if zip(calls, activities).contains(where: { $0 & 1 == 1 && $0 == $1.calls }) { goOn(false) }
                }
            }
        }
    }

    /// Closes connections without a request while `drain` runs.
    func closeIdle() { self.server.withLockedValue { $0?.closeIdle() } }

    /// Shuts the applications down, and releases all resources.
    func end() async {
        await self.stopServer(closesIdle: true, grace: .zero, cancelDelay: .zero)
        let all =
            self.applications.withLockedValue { $0 } + self.leaving.withLockedValue { $0 }
            + self.prepared.withLockedValue { $0.values.flatMap(\.started) }
        await withTaskGroup { group in
            for application in all { group.addTask { await self.shutDown(application) } }
        }
        self.watch.stop()
        self.facilities.stop()
        await self.statics.stop()
        // A stalled loop cannot be ended, and jobs for it are still queued.
        guard !self.hangs.load(ordering: .relaxed) else { return self.eventLoops.releaseCaller() }
        // All scopes have ended, so these tasks end soon, but one may not have begun yet.
        let retirements = self.retirements.withLockedValue { Array($0.values) }
        _ = await self.within(Self.patience) { for task in retirements { await task.value } }
        do {
            try await self.eventLoops.shutDown()
        } catch { self.configuration.logger.log(.loopsNotStopped, ["reason": "\(error)"]) }
    }

    private func stopServer(
        closesIdle: Bool, grace: TimeAmount, cancelDelay: TimeAmount,
        whenStoppedAccepting: @escaping @Sendable () -> Void = {}
    ) async {
        guard let server = self.server.withLockedValue({ $0 }) else { return }
        let listening = NIOLockedValueBox(self.loops.count)
        do {
            try await server.stop(closesIdle: closesIdle, grace: grace, cancelDelay: cancelDelay) { loop in
                self.facilities.announceStop(on: loop)
                let isLast = listening.withLockedValue { listening in
                    listening -= 1
                    return listening == 0
                }
                if isLast { whenStoppedAccepting() }
            }
        } catch { self.configuration.logger.log(.serverNotStopped, ["reason": "\(error)"]) }
        self.server.withLockedValue { $0 = nil }
    }

    /// Announces the shutdown to applications while relayed requests still arrive. Thread-safe.
    func announceStop() {
        for number in self.loops.indices { self.facilities.announceStop(on: number) }
    }

    /// Has each event loop report in the page shared with the supervisor that it runs, and its connection count.
    /// Thread-safe.
    func answerPing() {
        for loop in self.loops {
            loop.handle.eventLoop.execute {
                loop.scopes.value.answerPing(connections: loop.handle.bound.value.connectionCount)
            }
        }
    }

    /// Waits for scopes that outlive their response. At the deadline, cancels the remaining ones.
    private func endScopes(of loop: LoopPair, deadline: NIODeadline) async {
        let eventLoop = loop.handle.eventLoop
        let timer = eventLoop.scheduleTask(deadline: deadline) { loop.scopes.value.cancelAll() }
        let cancelled = timer.futureResult
        // Does not fail: completes at the deadline.
        try? await eventLoop.flatSubmit { loop.scopes.value.whenEmpty(orAfter: cancelled) }.get()
        timer.cancel()
        if let count = try? await cancelled.get(), count > 0 {
            self.configuration.logger.log(.scopesCancelled, ["count": "\(count)"])
        }
    }

    private static func makeLoops(
        _ eventLoops: EventLoops, _ configuration: HostConfiguration
    ) async throws -> [LoopPair] {
        var loops: [LoopPair] = []
        let count = ConnectionCount()
        let messages = MessageMemory(most: configuration.server.webSocket.allMessages)
        for (number, eventLoop) in eventLoops.all.enumerated() {
            let signal = try await LoopSignal.open(on: eventLoop)
            loops.append(
                try await eventLoop.submit { LoopPair(number: number, signal, configuration, count, messages) }.get())
        }
        return loops
    }
}

/// The HTTP side and the scope side of one event loop, in a form that can be passed to other threads.
struct LoopPair: Sendable {
    let handle: ServerLoop.Handle
    let scopes: NIOLoopBound<ScopeLoop>
    let mailbox: Mailbox
    let activity: LoopActivity

    /// Must be called on the loop.
    init(
        number: Int, _ signal: LoopSignal, _ configuration: HostConfiguration, _ count: ConnectionCount,
        _ messages: MessageMemory
    ) {
        let eventLoop = signal.eventLoop
        let scopes = ScopeLoop(
            number: number, mounts: MountTable(), maxScopes: configuration.scopes, maxGroups: configuration.groups,
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
        scopes.join(
            server, signal, sendMark: configuration.server.writeMark, sendLimit: configuration.server.writeLimit)
        self.handle = ServerLoop.Handle(server)
        self.scopes = NIOLoopBound(scopes, eventLoop: eventLoop)
        self.mailbox = scopes.mailbox
        self.activity = scopes.activity
    }
}
