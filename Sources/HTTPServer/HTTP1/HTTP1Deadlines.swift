/// The timeouts of an HTTP/1 connection in each phase. A value without I/O; times are ticks of the loop, one a second.
struct HTTP1Deadlines {
    /// The state that a deadline depends on.
    struct Situation {
        var phase: HTTP1StateMachine.Phase
        /// Whether the client has ended its side.
        var inputEnded = false
        /// Whether the handler waits for a part of the request body.
        var awaitsBody = false
        /// Whether a response is still being written, or the next request is held back.
        var isBusy = false
        /// Whether everything was written before the connection lingers.
        var outputEnded = false
    }

    /// The action that a deadline requires.
    enum Action: Equatable {
        case none
        /// Close a connection whose keep-alive timeout has passed.
        case close
        /// Answer a request whose header is incomplete.
        case refuseHeader(Refusal)
        /// Answer a request whose body is incomplete.
        case refuseBody(Refusal)
        case abort
        /// Check the WebSocket, which has its own deadlines.
        case checkWebSocket
    }

    /// The tick since which the connection has been waiting.
    private var since: Int

    init(now: Int) { self.since = now }

    /// Restarts the deadline: the connection waits for something else, or has received something.
    mutating func restart(now: Int) { self.since = now }

    /// The number of ticks for which the connection has been waiting.
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
        // Until the last write is complete, only the write timeout applies.
        case .lingering: return situation.outputEnded && elapsed > configuration.lingerTime ? .abort : .none
        case .closed: return .none
        }
    }
}
