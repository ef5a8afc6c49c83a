import NIOConcurrencyHelpers
public import NIOCore
import NIOPosix

/// Serves on bound sockets: every loop accepts for itself, on a duplicate of each listener, so that a new connection
/// hops nowhere. Made, started and stopped from any thread; what it runs is bound to its loops.
public final class Server: Sendable {
    private let loops: [ServerLoop.Handle]
    private let listeners: [Listener]
    /// Nil: the server does not accept any more.
    private let accepting = NIOLockedValueBox<[any Channel]?>([])

    public init(loops: [ServerLoop.Handle], listeners: [Listener]) {
        self.loops = loops
        self.listeners = listeners
    }

    /// Starts to accept, on every loop independently: the first request may block one.
    public func start() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for loop in self.loops {
                group.addTask {
                    for listener in self.listeners {
                        guard self.accepting.withLockedValue({ $0 != nil }) else { return }
                        let channel = try await Self.accept(on: listener, loop: loop)
                        let isWanted = self.accepting.withLockedValue { channels in
                            channels?.append(channel)
                            return channels != nil
                        }
                        // A stop may overtake a start.
                        if !isWanted { try await channel.close() }
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    /// Shuts every loop down independently: a stalled loop does not delay the others.
    ///
    /// The loop stops accepting; other processes that share the listeners accept the connections in their queues. From then on every
    /// response is the last of its connection; `stopped` is called with the loop's number, on the loop. Idle connections wait for their
    /// next request, or are closed (`closesIdle`). After `grace`, WebSockets are closed with 1012 and owners of exchanges are notified that
    /// their clients are gone; after `farewell` more, every connection is closed.
    public func stop(
        closesIdle: Bool, grace: TimeAmount, farewell: TimeAmount, stopped: @escaping @Sendable (Int) -> Void
    ) async throws {
        let channels = self.accepting.withLockedValue { channels in
            defer { channels = nil }
            return channels ?? []
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, loop) in self.loops.enumerated() {
                let own = channels.filter { $0.eventLoop === loop.eventLoop }
                group.addTask {
                    let leaving = loop.eventLoop.scheduleTask(in: grace) { loop.bound.value.giveUp() }
                    let cut = loop.eventLoop.scheduleTask(in: grace + farewell) { loop.bound.value.abort() }
                    for channel in own { try await channel.close() }
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

    /// Closes idle connections. While `stop` runs.
    public func closeIdle() {
        for loop in self.loops { loop.eventLoop.execute { loop.bound.value.closeIdle() } }
    }

    private static func accept(on listener: Listener, loop: ServerLoop.Handle) async throws -> any Channel {
        let descriptor = try listener.duplicate()
        let address = listener.address
        let setup = listener.channelSetup
        let mark = try await loop.eventLoop.submit { loop.bound.value.configuration.writeMark }.get()
        // The default is NIO's own: setting it would cost every connection a call.
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
                    // Here, since options of the bootstrap cost every connection a chain of futures.
                    try channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: true)
                    if let setup { return try setup(channel, loop.bound.value) }
                    if let marks { try channel.syncOptions?.setOption(.writeBufferWaterMark, value: marks) }
                    let connection = HTTP1Connection(
                        loop: loop.bound.value, peer: Peer(of: channel, listening: address)
                    )
                    try channel.pipeline.syncOperations.addHandler(connection)
                }
            }
        let channel = try await bootstrap.withBoundSocket(descriptor).get()
        // NIO listens anew, with a queue of 128, on the socket that all duplicates share.
        listener.restoreBacklog()
        return channel
    }
}
