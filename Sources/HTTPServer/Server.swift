import NIOConcurrencyHelpers
public import NIOCore
import NIOPosix

/// A server on bound sockets.
///
/// Every loop accepts on its own duplicate of each listener, so that a new connection is not passed between threads.
/// Can be created, started and stopped on any thread; connections and handlers run on the loops.
public final class Server: Sendable {
    private let loops: [ServerLoop.Handle]
    private let listeners: [Listener]
    private let encryption: (any ConnectionSecurity)?

    private struct State {
        var isStopping = false
        /// For each loop, the task that returns its listening channels. Empty before the start.
        var opening: [Task<[any Channel], any Error>] = []
    }

    private let state = NIOLockedValueBox(State())

    /// `encryption`: for the listeners that use TLS; nil if the server has no certificate.
    package init(loops: [ServerLoop.Handle], listeners: [Listener], encryption: (any ConnectionSecurity)? = nil) {
        self.loops = loops
        self.listeners = listeners
        self.encryption = encryption
    }

    /// Starts accepting on every loop independently, since the first request can block its loop. `stop` may be called
    /// at the same time.
    public func start() async throws {
        self.state.withLockedValue { state in
            guard !state.isStopping else { return }
            state.opening = self.loops.map { loop in Task { try await self.open(on: loop) } }
        }
        for task in self.state.withLockedValue({ $0.opening }) { _ = try await task.value }
    }

    /// Accepts on a loop, on every listener until the server stops. Returns the channels; if it throws, none is left.
    private func open(on loop: ServerLoop.Handle) async throws -> [any Channel] {
        var channels: [any Channel] = []
        do {
            for listener in self.listeners where !self.state.withLockedValue({ $0.isStopping }) {
                channels.append(try await self.accept(on: listener, loop: loop))
            }
        } catch {
            for channel in channels { try await channel.close() }
            throw error
        }
        return channels
    }

    /// Shuts down every loop independently: a stalled loop does not delay the others.
    ///
    /// - The loop stops accepting. Other processes that share the listeners accept the connections in their queues.
    /// - Each later response is the last one of its connection. `stopped` is then called on the loop, with its number.
    /// - Idle connections wait for their next request, or are closed (`closesIdle`).
    /// - After `grace`, WebSockets are closed with 1012, other exchanges are aborted, and their owners are notified.
    /// - After `cancelDelay` more, every connection is closed.
    public func stop(
        closesIdle: Bool, grace: TimeAmount, cancelDelay: TimeAmount, stopped: @escaping @Sendable (Int) -> Void
    ) async throws {
        let opening = self.state.withLockedValue { state in
            state.isStopping = true
            return state.opening
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, loop) in self.loops.enumerated() {
                group.addTask {
                    let leaving = loop.eventLoop.scheduleTask(in: grace) { loop.bound.value.giveUp() }
                    let cut = loop.eventLoop.scheduleTask(in: grace + cancelDelay) { loop.bound.value.abort() }
                    // A loop must not end while it opens a channel. If it could not, `start` has thrown the error.
                    let channels = opening.isEmpty ? [] : (try? await opening[number].value) ?? []
                    for channel in channels { try await channel.close() }
                    let emptied = loop.eventLoop.flatSubmit {
                        loop.bound.value.stopKeeping()
                        stopped(number)
                        return loop.bound.value.stop(closesIdle: closesIdle)
                    }
                    try await emptied.get()
                    leaving.cancel()
                    cut.cancel()
                }
            }
            try await group.waitForAll()
        }
    }

    /// Closes idle connections. Called while `stop` runs.
    public func closeIdle() {
        for loop in self.loops { loop.eventLoop.execute { loop.bound.value.closeIdle() } }
    }

    private func accept(on listener: Listener, loop: ServerLoop.Handle) async throws -> any Channel {
        let descriptor = try listener.duplicate()
        let address = listener.address
        let setup = listener.channelSetup
        let (proxies, security, encryption) = (listener.proxies, listener.security, self.encryption)
        let mark = try await loop.eventLoop.submit { loop.bound.value.configuration.writeMark }.get()
        // The default equals NIO's default: setting it would cost one call per connection.
        let marks: ChannelOptions.Types.WriteBufferWaterMark? =
            mark == ServerConfiguration().writeMark ? nil : .init(low: mark / 2 + 1, high: mark + 1)
        let bootstrap = ServerBootstrap(group: loop.eventLoop)
            .serverChannelOption(.backlog, value: Int32(clamping: listener.backlog))
            // A burst of new connections is accepted in one poll.
            .serverChannelOption(.maxMessagesPerRead, value: 16)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptPause(loop: loop.bound.value))
                }
            }
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    // Set here, since bootstrap options cost every connection a chain of futures.
                    try channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: true)
                    if let setup { return try setup(channel, loop.bound.value) }
                    // The client has reset the connection before it was accepted: its address is unknown.
                    guard address.isUnix || channel.remoteAddress != nil else { throw ChannelError.alreadyClosed }
                    if let marks { try channel.syncOptions?.setOption(.writeBufferWaterMark, value: marks) }
                    let start = ConnectionStart(
                        loop: loop.bound.value, peer: Peer(of: channel, listening: address), proxies: proxies,
                        security: security, encryption: encryption)
                    try start.addFirstHandler(to: channel)
                }
            }
        let channel = try await bootstrap.withBoundSocket(descriptor).get()
        // NIO calls listen again, with a backlog of 128, on the socket that all duplicates share.
        listener.restoreBacklog()
        return channel
    }
}
