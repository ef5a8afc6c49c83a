/// When the client of an HTTP/1 connection has taken too long, by the phase of the connection. A value without I/O; times are ticks of the
/// loop, a second each.
struct HTTP1Deadlines {
    /// What a deadline depends on.
    struct Situation {
        var phase: HTTP1StateMachine.Phase
        /// The client has ended its side.
        var inputEnded = false
        /// The handler waits for a part of the request body.
        var awaitsBody = false
        /// A response is still being written, or the next request is held back.
        var isBusy = false
        /// Everything was written before the connection lingers.
        var outputEnded = false
    }

    /// What to do.
    enum Action: Equatable {
        case none
        /// The connection was idle for too long.
        case close
        /// Answer a request whose header is incomplete.
        case refuseHeader(Refusal)
        /// Answer a request whose body is incomplete.
        case refuseBody(Refusal)
        case abort
        /// The WebSocket has deadlines of its own.
        case checkWebSocket
    }

    /// The tick since which the connection waits.
    private var since: Int

    init(now: Int) { self.since = now }

    /// The connection begins to wait for something else, or has received something.
    mutating func restart(now: Int) { self.since = now }

    /// The time that the connection waits for.
    func elapsed(now: Int) -> Int { now - self.since }

    mutating func check(_ situation: Situation, now: Int, _ configuration: ServerConfiguration) -> Action {
        let elapsed = self.elapsed(now: now)
        switch situation.phase {
        case .idle:
            if situation.isBusy { self.restart(now: now) }
            return !situation.isBusy && elapsed > configuration.keepAliveTime ? .close : .none
        case .head:
            guard elapsed > configuration.headTime else { return .none }
            return .refuseHeader(Refusal(status: 408, reason: "timeout while receiving the request header"))
        case .exchange:
            if situation.inputEnded { return elapsed > configuration.halfCloseTime ? .abort : .none }
            guard situation.awaitsBody, elapsed > configuration.bodyTime else { return .none }
            return .refuseBody(Refusal(status: 408, reason: "timeout while receiving the request body"))
        case .webSocket: return .checkWebSocket
        case .draining: return elapsed > configuration.bodyTime ? .abort : .none
        // Until the last write has left, only the write timeout counts.
        case .lingering: return situation.outputEnded && elapsed > configuration.lingerTime ? .abort : .none
        case .closed: return .none
        }
    }
}
