import CASGI

/// The state machine of one scope, from the call of `application` to its end. A value without I/O.
struct ScopeLife {
    enum Step: Equatable {
        /// Nothing to do.
        case goOn
        /// The scope ends with this result.
        case end(asgi_result)
        /// The application had already finished the scope. This result, which is not PENDING, is ignored and logged.
        case ignore(asgi_result)
    }

    private enum State {
        /// `application` has not returned yet.
        case called
        /// `application` has returned PENDING.
        case running
        /// The application has finished the scope, but has not returned yet.
        case finished
        /// The host has ended the scope, but `application` has not returned yet.
        case cancelled
        case over
    }

    private var state = State.called

    /// Handles the return of `application`.
    mutating func returned(_ result: asgi_result) -> Step {
        switch self.state {
        case .called:
            guard result != ASGI_PENDING else {
                self.state = .running
                return .goOn
            }
            self.state = .over
            return .end(result)
        case .finished:
            self.state = .over
            return result == ASGI_PENDING ? .goOn : .ignore(result)
        case .cancelled:
            self.state = .over
            return .goOn
        case .running, .over: return .goOn
        }
    }

    /// Ends the scope for the host, after the drain timeout. A later result of `application` is ignored, not logged.
    mutating func cancel() -> Step {
        let step = self.finish(ASGI_CANCELLED)
        if case .finished = self.state, step != .goOn { self.state = .cancelled }
        return step
    }

    /// Ends the scope with a result. `ScopeSlot.end` ensures that a scope is ended only once.
    mutating func finish(_ result: asgi_result) -> Step {
        switch self.state {
        case .called:
            self.state = .finished
            return .end(result)
        case .running:
            self.state = .over
            return .end(result)
        case .finished, .cancelled, .over: return .goOn
        }
    }

    var isEnded: Bool {
        switch self.state {
        case .called, .running: false
        case .finished, .cancelled, .over: true
        }
    }

    /// Whether `application` has returned and the scope has ended.
    var isOver: Bool {
        if case .over = self.state { return true }
        return false
    }
}
