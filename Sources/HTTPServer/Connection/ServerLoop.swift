import CLinux
public import NIOCore

/// The state that the connections of one event loop share: turns, output, deadline sweep, shutdown. Loop-bound.
///
/// A turn is the handling of one event of a socket, of a timer or of a mailbox. Calls of an exchange never write, close
/// or begin anything themselves: the loop notes the work. It begins requests when the turn ends; it writes output, and
/// closes connections, once all events of a poll were handled, in one write per connection (`FlushBatch`).
public final class ServerLoop {
    public let eventLoop: any EventLoop
    package let configuration: ServerConfiguration
    package let handler: any RequestHandler
    package let log: (any ServerLog)?
    /// The memory accounting of the WebSocket messages of all loops.
    package let messages: MessageMemory
    /// Buffers that the WebSockets of this loop share.
    let scratch = WebSocketScratch()
    let output = SharedOutput()
    let exchanges = ExchangePool<HTTP1Exchange>()
    let http2Exchanges = ExchangePool<HTTP2Exchange>()
    /// What HTTP/2 connections share, each within a single call.
    let http2Fields = HTTP2Fields()
    var http2Buffer = ByteBuffer()
    /// The header fields that the server adds to every response.
    let defaultHeaders: DefaultHeaders
    var date = DateCache()
    /// Seconds since the loop began, counted by the sweep. Deadlines are measured in these ticks.
    package private(set) var tick = 0
    /// Whether each response is the last one of its connection.
    public private(set) var isStopping = false

    private var isInTurn = false
    private var ready: [any ServerConnection] = []
    private var batch = FlushBatch()
    private var releases: [ResponseBody] = []
    private var connections = ConnectionTable()
    private let count: ConnectionCount
    private var sweep: Scheduled<Void>?
    private var memoryTrim = MemoryTrim()
    /// The number of open exchanges of multiplexed connections.
    private var multiplexedExchanges = 0
    private var isClosingIdle = false
    private var emptied: EventLoopPromise<Void>?

    /// The maximum number of steps per turn. After them the other tasks of the loop run.
    private static let maxRounds = 64
    /// The delay before idle connections are closed in a shutdown. Requests that a client has already sent arrive
    /// within this time, and are answered.
    private static let idleTime = TimeAmount.milliseconds(100)

    public init(
        eventLoop: any EventLoop, configuration: ServerConfiguration, count: ConnectionCount, messages: MessageMemory,
        handler: any RequestHandler, log: (any ServerLog)?
    ) {
        self.count = count
        self.messages = messages
        self.eventLoop = eventLoop
        self.configuration = configuration
        self.handler = handler
        self.log = log
        self.defaultHeaders = DefaultHeaders(configuration)
    }

    deinit {
        self.date.deallocate()
        self.defaultHeaders.deallocate()
    }

    // MARK: Turns

    /// Runs `body`, then all work that was noted for the end of the turn. Inside another turn only `body` runs.
    @inline(__always)
    public func turn(_ body: () -> Void) {
        guard !self.isInTurn else { return body() }
        self.isInTurn = true
        body()
        self.finishTurn()
        self.isInTurn = false
    }

    private func finishTurn() {
        defer { self.log?.turnEnded() }
        self.batch.check(now: self.eventLoop.now)
        for _ in 0..<Self.maxRounds {
            if !self.ready.isEmpty {
                self.ready.removeLast().proceed()
            } else if let connection = self.batch.removeNext(from: self.output) {
                connection.flush()
            } else if !self.releases.isEmpty {
                self.handler.release(self.releases.removeLast())
            } else if let connection = self.batch.removeLast() {
                connection.flush()
            } else {
                let isAlone = self.connections.count == 1
                switch self.batch.wait(size: self.output.size, isAlone: isAlone, now: self.eventLoop.now) {
                case .end: return
                case .schedule: return self.scheduleFlush()
                case .flush: break
                }
            }
        }
        self.runEmptyTurn()
    }

    private func scheduleFlush() {
        self.eventLoop.assumeIsolated().execute {
            self.batch.makeDue()
            self.turn {}
        }
    }

    /// Schedules a turn, for work that was noted outside of one.
    private func runEmptyTurn() { self.eventLoop.assumeIsolated().execute { self.turn {} } }

    /// Requests a call of the connection's `flush` with the current batch. In a turn only.
    func willFlush(_ connection: any ServerConnection) { self.batch.add(connection) }

    /// Requests a call of the connection's `flush` after those of the batch. For a connection to which the work of other
    /// connections adds output.
    package func willFlushLast(_ connection: any ServerConnection) {
        self.batch.addLast(connection)
        if !self.isInTurn { self.runEmptyTurn() }
    }

    /// Requests a call of the connection's `proceed` in this turn.
    func willProceed(_ connection: any ServerConnection) { self.ready.append(connection) }

    /// Releases the body through the handler in this turn, but not inside this call.
    public func willRelease(_ body: ResponseBody) {
        self.releases.append(body)
        if !self.isInTurn { self.runEmptyTurn() }
    }

    // MARK: Connections

    package func add(_ connection: any ServerConnection) {
        self.connections.add(connection)
        guard connection.isCounted else { return }
        self.count.add()
        self.memoryTrim.observe(self.load)
        if self.sweep == nil { self.armSweep() }
    }

    package func remove(_ connection: any ServerConnection) {
        guard self.connections.remove(connection) else { return }
        if connection.isCounted {
            self.count.remove()
            if self.connections.counted == 0 { self.endSweep() }
        }
        guard let emptied, !self.connections.isServing else { return }
        emptied.succeed()
        self.emptied = nil
    }

    package var hasTooManyConnections: Bool {
        guard let most = self.configuration.connections else { return false }
        return self.count.value > most
    }

    /// The number of connections that count towards the connection limit.
    public var connectionCount: Int { self.connections.counted }

    /// Counts a new exchange of a multiplexed connection.
    package func multiplexedExchangeBegan() {
        self.multiplexedExchanges += 1
        self.memoryTrim.observe(self.load)
        if self.sweep == nil, self.memoryTrim.isPending { self.armSweep() }
    }

    package func multiplexedExchangeEnded() { self.multiplexedExchanges -= 1 }

    private var load: Int { self.connections.counted + self.multiplexedExchanges }

    // MARK: Deadline sweep

    private func armSweep() {
        self.sweep = self.eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) {
            self.armSweep()
            self.runSweep()
        }
    }

    /// Checks the deadlines of all connections.
    private func runSweep() {
        self.tick += 1
        self.turn { for connection in self.connections.all { connection.checkDeadlines() } }
        if self.memoryTrim.isDue(self.load) { self.trimMemory() }
        if self.connections.counted == 0 { self.endSweep() }
    }

    /// Ends the sweep, unless memory is still to be returned.
    private func endSweep() {
        guard !self.memoryTrim.isPending else { return }
        self.sweep?.cancel()
        self.sweep = nil
    }

    /// Frees memory kept since the last peak of load, and returns free memory to the system.
    private func trimMemory() {
        self.exchanges.trim()
        self.http2Exchanges.trim()
        self.http2Buffer = ByteBuffer()
        if !self.batch.isFlushing { self.output.trim() }
        self.connections.trim()
        for connection in self.connections.all { connection.trim() }
        self.handler.trimMemory()
        self.memoryTrim.took(roost_trim_memory())
    }

    // MARK: Shutdown

    /// Makes each response the last one of its connection.
    func stopKeeping() { self.isStopping = true }

    /// Starts a graceful shutdown. The future completes when the last serving connection is removed.
    func stop(closesIdle: Bool) -> EventLoopFuture<Void> {
        if closesIdle { self.closeIdle() }
        let promise = self.eventLoop.makePromise(of: Void.self)
        for connection in self.connections.serving { connection.stop() }
        guard self.connections.isServing else {
            promise.succeed()
            return promise.futureResult
        }
        self.emptied = promise
        return promise.futureResult
    }

    /// Closes idle connections after `idleTime`, then repeatedly those that have become idle: a response may have begun
    /// before the shutdown.
    func closeIdle() {
        guard !self.isClosingIdle else { return }
        self.isClosingIdle = true
        self.armClosing()
    }

    private func armClosing() {
        self.eventLoop.assumeIsolated().scheduleTask(in: Self.idleTime) {
            guard self.connections.counted > 0 else { return }
            self.turn { for connection in self.connections.all { connection.closeIfIdle() } }
            self.armClosing()
        }
    }

    /// Ends all open exchanges when the drain timeout has passed: closes WebSockets, aborts other exchanges, and
    /// notifies their owners.
    func giveUp() { self.turn { for connection in self.connections.serving { connection.giveUp() } } }

    /// Closes every connection at once, even with a request in progress.
    func abort() { self.turn { for connection in self.connections.serving { connection.abort() } } }
}

@available(*, unavailable)
extension ServerLoop: Sendable {}
