/// The deadlines of a WebSocket: pings, the close timeout, and freeing the memory of compression. A value without I/O;
/// times are ticks of the loop, one per second.
struct WebSocketDeadlines {
    private var clock: PingClock
    private let closeTime: Int
    /// The tick of the server's close frame, or of the last message.
    private var since: Int

    /// The number of ticks after the last message at which the memory of compression is freed.
    private static let idleTime = 5

    init(_ configuration: WebSocketConfiguration, now: Int) {
        self.clock = PingClock(
            interval: configuration.pingInterval, timeout: configuration.pingTimeout, now: now)
        self.closeTime = configuration.closeTime
        self.since = now
    }

    /// Records that input has arrived, or waits to be received.
    mutating func received(now: Int) { self.clock.received(now: now) }

    /// Records that a message was received or sent, or that the server has sent its close frame.
    mutating func restart(now: Int) { self.since = now }

    /// Whether the client has not answered the server's close frame in time.
    func isCloseOverdue(now: Int) -> Bool { now - self.since > self.closeTime }

    /// Whether the memory of compression is to be freed at this tick.
    func isIdle(now: Int) -> Bool { now - self.since == Self.idleTime }

    /// Whether a ping is due, or its pong overdue.
    mutating func checkPing(now: Int) -> PingClock.Next { self.clock.check(now: now) }
}
