import CLinux
public import NIOCore

/// What the connections of one event loop share: the buffer they write into, the date, the exchanges that are at rest,
/// and the turn. Loop-bound.
///
/// A turn is what happens between two looks at the sockets. Nothing is written, closed or begun inside a call of an
/// exchange; it is noted here, and done when the turn ends, in one write a connection.
public final class ServerLoop {
    public let eventLoop: any EventLoop
    package let configuration: ServerConfiguration
    package let handler: any RequestHandler
    package let log: (any ServerLog)?
    /// Of the WebSockets of all loops.
    package let messages: MessageMemory
    /// Of this loop's WebSockets.
    let scratch = WebSocketScratch()
    private let count: ConnectionCount
    /// `server: roost CRLF`, or empty.
    let serverLine: Octets
    var date = DateCache()
    /// Seconds since the loop began, counted by the sweep: what deadlines are measured by.
    private(set) var tick = 0
    /// Every response is the last of its connection.
    public private(set) var isStopping = false

    private var output = ServerLoop.emptyOutput
    /// Takes the place of `output` while its bytes are handed over.
    private var spareOutput = ServerLoop.emptyOutput
    private unowned(unsafe) var outputOwner: HTTP1Connection?
    private var isInTurn = false
    private var dirty: [HTTP1Connection] = []
    private var ready: [HTTP1Connection] = []
    private var dirtyMultiplexed: [any MultiplexedConnection] = []
    private var multiplexed: [ObjectIdentifier: any MultiplexedConnection] = [:]
    private var releases: [ResponseBody] = []
    private var resting: [HTTP1Exchange] = []
    private var connections: [ObjectIdentifier: HTTP1Connection] = [:]
    private var sweep: Scheduled<Void>?
    private var trim = MemoryTrim()
    /// Exchanges of multiplexed connections.
    private var multiplexedExchanges = 0
    private var isClosingIdle = false
    private var emptied: EventLoopPromise<Void>?

    private static let outputCapacity = 16 * 1024
    private static var emptyOutput: ByteBuffer { ByteBufferAllocator().buffer(capacity: Self.outputCapacity) }
    /// A buffer that has grown beyond this is not kept.
    private static let mostKept = 256 * 1024
    /// At most so many exchanges rest for the next requests.
    private static let mostResting = 1024
    /// The number of rounds of a turn after which the loop yields to socket I/O.
    private static let mostRounds = 64
    /// A connection that is idle is closed so long after a stop: what its client has sent before comes until then, and is answered.
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
        self.serverLine = Self.serverLine(configuration.serverName)
    }

    deinit {
        self.date.deallocate()
        self.serverLine.data?.deallocate()
    }

    private static func serverLine(_ name: String) -> Octets {
        guard !name.isEmpty else { return .empty }
        let line = Array("server: \(name)\r\n".utf8)
        let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: line.count)
        memory.initialize(from: line, count: line.count)
        return Octets(memory, line.count)
    }

    // MARK: Turns

    /// Runs `body` and then does what it has set in motion. Inside another turn only `body` runs.
    @inline(__always)
    public func turn(_ body: () -> Void) {
        guard !self.isInTurn else { return body() }
        self.isInTurn = true
        body()
        self.settle()
        self.isInTurn = false
    }

    private func settle() {
        for _ in 0..<Self.mostRounds {
            if !self.ready.isEmpty {
                self.ready.removeLast().proceed()
            } else if !self.dirty.isEmpty {
                self.dirty.removeLast().flush()
            } else if !self.releases.isEmpty {
                self.handler.release(self.releases.removeLast())
            } else if !self.dirtyMultiplexed.isEmpty {
                self.dirtyMultiplexed.removeLast().flush()
            } else {
                self.log?.turnEnded()
                return
            }
        }
        self.log?.turnEnded()
        self.eventLoop.assumeIsolated().execute { self.turn {} }
    }

    /// The connection has something to write, or to close.
    func willFlush(_ connection: HTTP1Connection) { self.dirty.append(connection) }

    /// The connection has something to write, or to close.
    package func willFlush(_ connection: any MultiplexedConnection) {
        self.dirtyMultiplexed.append(connection)
        if !self.isInTurn { self.eventLoop.assumeIsolated().execute { self.turn {} } }
    }

    /// The connection can go on with its next request.
    func willProceed(_ connection: HTTP1Connection) { self.ready.append(connection) }

    /// The body's bytes are not needed any more: its `release` is called, but not now.
    public func willRelease(_ body: ResponseBody) {
        self.releases.append(body)
        if !self.isInTurn { self.eventLoop.assumeIsolated().execute { self.turn {} } }
    }

    // MARK: Output

    /// The loop's buffer, with what this connection has written in this turn and nothing else.
    @inline(__always)
    func withOutput<Result>(of connection: HTTP1Connection, _ body: (inout ByteBuffer) -> Result) -> Result {
        if self.outputOwner !== connection {
            self.outputOwner?.spill()
            self.outputOwner = connection
        }
        return body(&self.output)
    }

    /// Whether the loop's buffer is this connection's, though nothing may be in it.
    func isOutputOwner(_ connection: HTTP1Connection) -> Bool { self.outputOwner === connection }

    /// Bytes in the loop's buffer that are this connection's.
    @inline(__always)
    func outputSize(of connection: HTTP1Connection) -> Int {
        self.outputOwner === connection ? self.output.readableBytes : 0
    }

    /// Hands the connection's bytes to `write`, and gives the buffer free.
    ///
    /// What the connection is told when its bytes leave may have it, or another, write at once: into the spare buffer. The
    /// memory of both stays when the bytes have left in `write`, which is the rule.
    @inline(__always)
    func takeOutput(of connection: HTTP1Connection, _ write: (ByteBuffer) -> Void) {
        guard self.outputOwner === connection else { return }
        self.outputOwner = nil
        guard self.output.readableBytes > 0 else { return }
        var taken = ByteBuffer()
        swap(&taken, &self.output)
        swap(&self.output, &self.spareOutput)
        write(taken)
        if taken.capacity > Self.mostKept {
            taken = Self.emptyOutput
        } else {
            // The channel keeps the memory if the socket has not taken all of it: the next buffer begins small.
            taken.clear(minimumCapacity: Self.outputCapacity)
        }
        swap(&taken, &self.spareOutput)
    }

    /// The connection's bytes as a copy, if they are few; the buffer is free then. For bytes that do not leave at once: while the client
    /// is slow, the channel would keep the whole buffer for them.
    func copyOutput(of connection: HTTP1Connection, atMost most: Int) -> ByteBuffer? {
        guard (1...most).contains(self.outputSize(of: connection)) else { return nil }
        let copy = self.output.withUnsafeReadableBytes { ByteBuffer(bytes: $0) }
        self.outputOwner = nil
        self.output.clear()
        return copy
    }

    // MARK: Exchanges at rest

    func wake() -> HTTP1Exchange { self.resting.popLast() ?? HTTP1Exchange(loop: self) }

    func rest(_ exchange: HTTP1Exchange) {
        if self.resting.count < Self.mostResting { self.resting.append(exchange) }
    }

    // MARK: Connections

    func add(_ connection: HTTP1Connection) {
        self.connections[ObjectIdentifier(connection)] = connection
        self.count.add()
        self.trim.observe(self.load)
        if self.sweep == nil { self.armSweep() }
    }

    var hasTooManyConnections: Bool {
        guard let most = self.configuration.connections else { return false }
        return self.count.value > most
    }

    private func armSweep() {
        self.sweep = self.eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) {
            self.armSweep()
            self.look()
        }
    }

    func remove(_ connection: HTTP1Connection) {
        guard self.connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
        self.count.remove()
        guard self.connections.isEmpty else { return }
        self.endSweep()
        self.tellEmptied()
    }

    private var load: Int { self.connections.count + self.multiplexedExchanges }

    /// An exchange of a multiplexed connection has begun.
    package func multiplexedExchangeBegan() {
        self.multiplexedExchanges += 1
        self.trim.observe(self.load)
        if self.sweep == nil, self.trim.isPending { self.armSweep() }
    }

    package func multiplexedExchangeEnded() { self.multiplexedExchanges -= 1 }

    package func add(_ connection: any MultiplexedConnection) {
        self.multiplexed[ObjectIdentifier(connection)] = connection
    }

    package func remove(_ connection: any MultiplexedConnection) {
        guard self.multiplexed.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
        self.tellEmptied()
    }

    private func tellEmptied() {
        guard self.connections.isEmpty, self.servesNoMultiplexed else { return }
        self.emptied?.succeed()
        self.emptied = nil
    }

    /// Whether no multiplexed connection is left whose exchanges are answered here.
    private var servesNoMultiplexed: Bool { self.multiplexed.values.allSatisfy { !$0.serves } }

    /// The one sweep over all deadlines of the loop.
    private func look() {
        self.tick += 1
        self.turn { for connection in self.connections.values { connection.lookAtDeadline() } }
        if self.trim.isDue(self.load) { self.trimMemory() }
        if self.connections.isEmpty { self.endSweep() }
    }

    /// Frees what is kept for a load like that of the last peak, and returns free memory to the system.
    private func trimMemory() {
        self.resting = []
        if self.outputOwner == nil, self.output.capacity > Self.outputCapacity { self.output = Self.emptyOutput }
        if self.spareOutput.capacity > Self.outputCapacity { self.spareOutput = Self.emptyOutput }
        if self.connections.isEmpty { self.connections = [:] }
        for connection in self.multiplexed.values { connection.trim() }
        self.handler.trimMemory()
        self.trim.took(roost_trim_memory())
    }

    /// Ends the sweep, unless memory has to be returned first.
    private func endSweep() {
        guard !self.trim.isPending else { return }
        self.sweep?.cancel()
        self.sweep = nil
    }

    /// How many connections it has.
    public var connectionCount: Int { self.connections.count }

    /// Makes every response the last of its connection.
    func stopKeeping() { self.isStopping = true }

    /// The future ends when no connection is left.
    func stop(closesIdle: Bool) -> EventLoopFuture<Void> {
        if closesIdle { self.closeIdle() }
        let promise = self.eventLoop.makePromise(of: Void.self)
        for connection in self.multiplexed.values where connection.serves { connection.stop() }
        guard !self.connections.isEmpty || !self.servesNoMultiplexed else {
            promise.succeed()
            return promise.futureResult
        }
        self.emptied = promise
        return promise.futureResult
    }

    /// Closes what is idle in a moment, and what becomes idle after it: a response may have begun before the stop.
    func closeIdle() {
        guard !self.isClosingIdle else { return }
        self.isClosingIdle = true
        self.armClosing()
    }

    private func armClosing() {
        self.eventLoop.assumeIsolated().scheduleTask(in: Self.idleTime) {
            guard !self.connections.isEmpty else { return }
            self.turn { for connection in self.connections.values { connection.closeIfIdle() } }
            self.armClosing()
        }
    }

    /// Ends the grace time: closes WebSockets, and tells applications that their clients are gone.
    func leave() {
        self.turn {
            for connection in self.connections.values { connection.leave() }
            for connection in self.multiplexed.values where connection.serves { connection.leave() }
        }
    }

    /// Closes every connection, with or without a request in progress.
    func abort() {
        self.turn {
            for connection in self.connections.values { connection.abort() }
            for connection in self.multiplexed.values where connection.serves { connection.abort() }
        }
    }
}

extension ServerLoop {
    /// A loop as other threads may hold it: only on its own event loop can it be touched.
    public struct Handle: Sendable {
        public let eventLoop: any EventLoop
        public let bound: NIOLoopBound<ServerLoop>

        /// Something of the loop's, as other threads may hold it. On the loop.
        public func bound<Value>(_ value: Value) -> NIOLoopBound<Value> {
            NIOLoopBound(value, eventLoop: self.eventLoop)
        }

        /// On the loop.
        public init(_ loop: ServerLoop) {
            self.eventLoop = loop.eventLoop
            self.bound = NIOLoopBound(loop, eventLoop: loop.eventLoop)
        }
    }
}
