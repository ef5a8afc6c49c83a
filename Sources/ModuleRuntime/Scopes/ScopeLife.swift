import CASGI

/// The life of one scope: from the call of `application` to its end. A value without I/O.
struct ScopeLife {
    enum Step: Equatable {
        /// It goes on.
        case goOn
        /// It ends with this result.
        case end(asgi_result)
        /// The application had finished it already: what it returned besides PENDING is ignored, and logged.
        case ignore(asgi_result)
    }

    private enum State {
        /// `application` has not returned.
        case called
        /// It returned PENDING.
        case running
        /// It has finished the scope, but not returned yet.
        case finished
        /// The host has ended it, and it has not returned.
        case cancelled
        case over
    }

    private var state = State.called

    /// `application` has returned.
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

    /// The host ends it, since its time is up: whatever it returns later is no mistake.
    mutating func cancel() -> Step {
        let step = self.finish(ASGI_CANCELLED)
        if case .finished = self.state, step != .goOn { self.state = .cancelled }
        return step
    }

    /// The scope was finished; the table has seen to it that this comes once.
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
