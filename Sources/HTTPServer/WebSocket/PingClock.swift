/// Decides when a silent client is pinged, and when it counts as disconnected (RFC 6455 §5.5.2). A value without I/O;
/// times are ticks of the loop, one per second.
struct PingClock {
    enum Next: Equatable {
        case wait
        case ping
        case giveUp
    }

    private let interval: Int
    private let timeout: Int
    private var receivedAt: Int
    private var pinged: Int?

    init(interval: Int, timeout: Int, now: Int) {
        self.interval = interval
        self.timeout = timeout
        self.receivedAt = now
    }

    /// Records that input has arrived, or that the client's silence cannot be judged since its input is not being read.
    mutating func received(now: Int) {
        self.receivedAt = now
        self.pinged = nil
    }

    mutating func check(now: Int) -> Next {
        guard self.interval > 0 else { return .wait }
        if let pinged { return now - pinged > self.timeout ? .giveUp : .wait }
        guard now - self.receivedAt >= self.interval else { return .wait }
        self.pinged = now
        return .ping
    }
}
