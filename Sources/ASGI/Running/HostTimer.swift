import CASGI
import Synchronization

/// One timer of a scope, and the task that waits for it. [any]
final class HostTimer: Sendable {
    private enum State {
        case idle
        /// It runs, by this number.
        case running(UInt64)
        /// The task was cancelled, perhaps before the timer had its number.
        case cancelled
    }

    private let id: asgi_id
    private let host: HostReference
    private let state = Mutex(State.idle)

    init(_ id: asgi_id, _ host: HostReference) {
        self.id = id
        self.host = host
    }

    /// Throws `CancellationError` when the task is cancelled, or the scope over, before the time is up.
    func wait(for duration: Duration) async throws {
        let result = await withTaskCancellationHandler {
            await withUnsafeContinuation { self.set(duration, $0) }
        } onCancel: {
            self.cancel()
        }
        guard result == ASGI_DONE else { throw CancellationError() }
    }

    private func set(_ duration: Duration, _ continuation: UnsafeContinuation<asgi_result, Never>) {
        let (seconds, attoseconds) = duration.components
        let milliseconds = seconds < 0 ? 0 : UInt64(seconds) * 1000 + UInt64(attoseconds / 1_000_000_000_000_000)
        HostCompletion.pass(nil) { then, context in
            var number: UInt64 = 0
            let answer = self.host.pointer.pointee.after(self.id, milliseconds, then, context, &number)
            guard answer == ASGI_PENDING else {
                continuation.resume(returning: answer)
                return answer
            }
            let isCancelled = self.state.withLock { state in
                if case .cancelled = state { return true }
                state = .running(number)
                return false
            }
            if isCancelled { _ = self.host.pointer.pointee.cancel(self.id, number) }
            return answer
        } completed: { result, _ in
            continuation.resume(returning: result)
        }
    }

    private func cancel() {
        let number: UInt64? = self.state.withLock { state in
            defer { state = .cancelled }
            if case .running(let number) = state { return number }
            return nil
        }
        if let number { _ = self.host.pointer.pointee.cancel(self.id, number) }
    }
}
