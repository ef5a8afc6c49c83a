import NIOConcurrencyHelpers

/// Passes one value from a thread or a callback to a task that awaits it until a deadline. [any]
///
/// The first of `send` and the deadline wins; a later value is dropped. The deadline does not depend on an event loop,
/// which may be stalled by the work that the task awaits.
package final class OneShot<Value: Sendable>: Sendable {
    private enum State {
        case empty
        case awaited(CheckedContinuation<Value?, Never>)
        case sent(Value)
        case closed
    }

    private let state = NIOLockedValueBox(State.empty)

    package init() {}

    /// Delivers the value. Returns false if another value was sent first, or the deadline has passed.
    @discardableResult
    package func send(_ value: Value) -> Bool {
        let (isFirst, awaiting) = self.state.withLockedValue { state -> (Bool, CheckedContinuation<Value?, Never>?) in
            switch state {
            case .empty:
                state = .sent(value)
                return (true, nil)
            case .awaited(let continuation):
                state = .closed
                return (true, continuation)
            case .sent, .closed: return (false, nil)
            }
        }
        awaiting?.resume(returning: value)
        return isFirst
    }

    /// Returns the value, or nil after `time`. Must be called at most once.
    package func value(within time: Duration) async -> Value? {
        let timer = Task {
            // Cancelled: the value was delivered.
            guard (try? await Task.sleep(for: time)) != nil else { return }
            self.close()
        }
        defer { timer.cancel() }
        return await withCheckedContinuation { continuation in
            let (isOver, value) = self.state.withLockedValue { state -> (Bool, Value?) in
                switch state {
                case .empty:
                    state = .awaited(continuation)
                    return (false, nil)
                case .sent(let value):
                    state = .closed
                    return (true, value)
                case .closed: return (true, nil)
                case .awaited: preconditionFailure("a second task awaits the value")
                }
            }
            if isOver { continuation.resume(returning: value) }
        }
    }

    private func close() {
        let awaiting = self.state.withLockedValue { state -> CheckedContinuation<Value?, Never>? in
            switch state {
            // A value sent before the deadline is the result, even if no task awaits it yet.
            case .sent, .closed: return nil
            case .empty:
                state = .closed
                return nil
            case .awaited(let continuation):
                state = .closed
                return continuation
            }
        }
        awaiting?.resume(returning: nil)
    }
}
