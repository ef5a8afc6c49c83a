import CASGI
import Synchronization

/// A task's wait for a timer, or for the shutdown of the host. Thread-safe.
final class HostWait: Sendable {
    private enum State {
        case idle
        /// The host waits, under this number.
        case running(UInt64)
        /// The task was cancelled, possibly before the wait had its number.
        case cancelled
    }

    private let id: asgi_id
    private let host: HostReference
    private let state = Mutex(State.idle)

    init(_ id: asgi_id, _ host: HostReference) {
        self.id = id
        self.host = host
    }

    /// Waits for a duration. Throws `CancellationError` if the task is cancelled or the scope ends first.
    func sleep(for duration: Duration) async throws {
        let (seconds, attoseconds) = duration.components
        let microseconds = seconds < 0 ? 0 : UInt64(seconds) * 1_000_000 + UInt64(attoseconds / 1_000_000_000_000)
        let result = await self.wait { id, then, context, number in
            self.host.pointer.pointee.after(id, microseconds, then, context, &number)
        }
        guard result == ASGI_DONE else { throw CancellationError() }
    }

    /// Waits until the host shuts down. Throws as `sleep(for:)`, and `HostRefusal` if the host lacks `asgi.shutdown/1`.
    func stop() async throws {
        guard let table = self.host.extension(self.id, "asgi.shutdown/1", as: asgi_shutdown.self) else {
            throw HostRefusal(ASGI_UNSUPPORTED)
        }
        let result = await self.wait { id, then, context, number in table.pointee.notice(id, then, context, &number) }
        guard result == ASGI_DONE else { throw CancellationError() }
    }

    private typealias Begin = (asgi_id, asgi_then?, UnsafeMutableRawPointer?, inout UInt64) -> asgi_result

    private func wait(_ begin: Begin) async -> asgi_result {
        await withTaskCancellationHandler {
            await withUnsafeContinuation { self.begin(begin, $0) }
        } onCancel: {
            self.cancel()
        }
    }

    private func begin(_ begin: Begin, _ continuation: UnsafeContinuation<asgi_result, Never>) {
        HostCompletion.pass(nil) { then, context in
            var number: UInt64 = 0
            let answer = begin(self.id, then, context, &number)
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
