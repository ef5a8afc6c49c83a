import NIOCore

/// What the sweep over a loop's connections looks at, and the ends that come from outside.
extension HTTP1Connection {
    func lookAtDeadline() {
        let configuration = self.loop.configuration
        let idle = self.loop.tick - self.since
        if self.isStuck || self.files.contains(where: \.isCutShort) {
            // What the kernel still keeps for this client is given up too.
            return self.abort(reset: true)
        }
        switch self.machine.phase {
        case .idle:
            // It is not idle while a response is leaving, or while its next request is held back.
            if self.isHeldBack || self.given != self.sent {
                self.restartClock()
            } else if idle > configuration.keepAliveTime {
                self.follow(self.machine.stop())
            }
        case .head:
            if idle > configuration.headTime {
                self.refuse(Refusal(status: 408, reason: "the head did not come in time"), self.begun?.head)
            }
        case .exchange:
            if self.machine.inputEnded {
                if idle > configuration.halfCloseTime { self.abort() }
            } else if !self.machine.body.isComplete, self.exchange?.isStarved == true, idle > configuration.bodyTime {
                self.exchange?.refuse(Refusal(status: 408, reason: "the body did not come in time"), on: self)
            }
        case .webSocket: self.socket?.lookAtClock()
        case .draining: if idle > configuration.bodyTime { self.abort() }
        // Until the last write has left, only its own time counts.
        case .lingering: if self.writesHaveEnded, idle > configuration.lingerTime { self.abort() }
        case .closed: break
        }
    }

    /// Whether the client has taken nothing of what it is sent for too long.
    private var isStuck: Bool {
        guard self.given != self.sent else { return false }
        let waiting = self.unsent
        if self.given - waiting != self.sent {
            self.sent = self.given - waiting
            self.writeSince = self.loop.tick
        }
        return waiting > 0 && self.loop.tick - self.writeSince > self.loop.configuration.writeTime
    }

    /// Something begins to be waited for.
    func restartClock() { self.since = self.loop.tick }

    /// The host stops.
    func closeIfIdle() {
        // It is not idle while a response is leaving, or while its next request is held back.
        guard self.machine.phase == .idle, !self.isHeldBack, self.unsent == 0 else { return }
        self.follow(self.machine.stop())
    }

    /// The host waits no longer: a WebSocket is closed, a request is cut. What lingers has its own time.
    func leave() {
        switch self.machine.phase {
        case .webSocket: self.socket?.leaveForRestart()
        case .lingering, .closed: break
        case .idle, .head, .exchange, .draining: self.abort()
        }
    }

    /// Closes the connection, whatever is under way.
    func abort(reset: Bool = false) {
        self.disconnect()
        self.cut(reset: reset)
    }
}
