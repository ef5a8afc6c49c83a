import CASGI
import Synchronization

/// The task that answers one scope, a request or a WebSocket, and ends the scope. Thread-safe.
///
/// The task starts inside the module's `application`, on the loop. If it has ended when `application` returns, the
/// return value ends the scope. Otherwise `application` returns ASGI_PENDING, and the task finishes the scope.
// SAFETY: `result` is written before `ending` becomes `ended` (releasing), and read after that (acquiring).
final class ScopeTask: @unchecked Sendable {
    private enum Ending {
        static let open = 0
        /// `application` has returned ASGI_PENDING.
        static let returned = 1
        /// The task has ended.
        static let ended = 2
    }

    let functions: ScopeFunctions
    private let id: asgi_id
    private let host: HostReference
    private let ending = Atomic<Int>(Ending.open)
    /// Written before `ending` becomes `ended`.
    private var result = ASGI_DONE
    /// The task, while it is suspended.
    private let task = Mutex<Task<Void, Never>?>(nil)

    private init(_ scope: CScope, _ receive: @escaping CReceive, _ send: @escaping CSend, _ executor: LoopExecutor) {
        self.id = scope.pointee.id
        self.host = HostReference(scope.pointee.host)
        self.functions = ScopeFunctions(scope, receive, send, executor)
    }

    /// Implements the module's `application` for a scope that `run` answers; `run` returns the result of the scope.
    /// Called on the event loop.
    static func start<App: Application>(
        _ type: App.Type, _ scope: CScope, _ receive: @escaping CReceive, _ send: @escaping CSend,
        _ run: @escaping @Sendable (App, ScopeTask) async -> asgi_result
    ) -> CResult {
        let host = HostReference(scope.pointee.host)
        guard let state = scope.pointee.state else {
            host.log(
                scope.pointee.id, .error,
                "scope refused: the application was not started; modules written with the Swift SDK need a lifespan")
            return ASGI_FAILED
        }
        let running = Unmanaged<RunningApplication<App>>.fromOpaque(state).takeUnretainedValue()
        guard let executor = running.loops.current else {
            host.log(
                scope.pointee.id, .error, "scope refused: called on a thread that is not an event loop of asgi.loop/1")
            return ASGI_FAILED
        }
        let this = ScopeTask(scope, receive, send, executor)
        executor.entering {
            let task = Task.immediate(executorPreference: executor) { this.end(await run(running.application, this)) }
            this.keep(task)
        }
        return this.returned()
    }

    /// Keeps the task for cancellation, until it ends.
    private func keep(_ task: Task<Void, Never>) {
        guard self.ending.load(ordering: .acquiring) != Ending.ended else { return }
        self.task.withLock { $0 = task }
        // The task may have ended on another thread meanwhile.
        if self.ending.load(ordering: .acquiring) == Ending.ended { self.task.withLock { $0 = nil } }
    }

    private func end(_ result: asgi_result) {
        self.result = result
        defer { self.task.withLock { $0 = nil } }
        let (isFirst, _) = self.ending.compareExchange(
            expected: Ending.open, desired: Ending.ended, ordering: .acquiringAndReleasing
        )
        guard !isFirst else { return }
        self.ending.store(Ending.ended, ordering: .releasing)
        self.functions.finish(result)
    }

    private func returned() -> asgi_result {
        let (isFirst, _) = self.ending.compareExchange(
            expected: Ending.open, desired: Ending.returned, ordering: .acquiringAndReleasing
        )
        return isFirst ? ASGI_PENDING : self.result
    }

    /// Throws an error for a result of the host, unless the call is done or pending.
    func check(_ result: asgi_result) throws {
        switch result {
        case ASGI_DONE, ASGI_PENDING: return
        case ASGI_GONE: throw Disconnected()
        case ASGI_CANCELLED:
            // The host's time limit for the scope has expired, or this task was cancelled.
            if !self.isOpen { self.task.withLock { $0 }?.cancel() }
            throw CancellationError()
        default: throw HostRefusal(result)
        }
    }

    /// Returns the result of the scope if there is no client to answer; nil if the error must be answered.
    func endWithoutAudience(_ error: any Error) -> asgi_result? {
        if error is Disconnected { return ASGI_GONE }
        if error is CancellationError, !self.isOpen { return ASGI_GONE }
        if let refusal = error as? HostRefusal, refusal.reason == .stale { return ASGI_GONE }
        return nil
    }

    private var isOpen: Bool { self.host.pointer.pointee.alive(self.id) == ASGI_DONE }
}
