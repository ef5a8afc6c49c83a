/// The steps in which an HTTP/2 connection ends (RFC 9113 §6.8). A value without I/O; times are ticks of the loop, one per
/// second.
struct HTTP2Shutdown {
    private enum Phase {
        case open
        /// The end is announced. Requests that the client sends before it has read this are answered.
        case announced(since: Int)
        /// No further requests are answered.
        case refusing
        case closing
    }

    private var phase = Phase.open

    /// The time after which a client counts as having read the announcement, in ticks.
    private static let patience = 1

    var isClosing: Bool { if case .closing = self.phase { true } else { false } }
    /// Whether the connection is closed once all its requests have ended.
    var isRefusing: Bool { if case .refusing = self.phase { true } else { false } }

    /// Returns whether the end is to be announced, which it is once.
    mutating func announce(now: Int) -> Bool {
        guard case .open = self.phase else { return false }
        self.phase = .announced(since: now)
        return true
    }

    /// Called when the client has read the announcement. Returns whether further requests are to be refused from now on.
    mutating func confirm() -> Bool {
        guard case .announced = self.phase else { return false }
        self.phase = .refusing
        return true
    }

    /// Does the same if the client has not confirmed the announcement in time.
    mutating func confirmIfOverdue(now: Int) -> Bool {
        guard case .announced(let since) = self.phase, now - since > Self.patience else { return false }
        return self.confirm()
    }

    /// Returns false if the connection was closing before.
    @discardableResult
    mutating func close() -> Bool {
        guard !self.isClosing else { return false }
        self.phase = .closing
        return true
    }
}
