import Synchronization

/// Runs blocking work on the host's pool of threads. The caller resumes on its event loop.
///
/// The operator sets the number of threads (`--blocking-threads`); work waits for a free one. If the pool's queue is
/// full, and after shutdown, work runs on Swift's own threads.
///
/// ```swift
/// let text = try await runBlocking { try readFile(path) }
/// try await send(.text(text))
/// ```
public func runBlocking<Result: Sendable, Failure: Error>(
    _ work: @Sendable () throws(Failure) -> Result
) async throws(Failure) -> Result {
    let executor: any TaskExecutor = runningPool.withLock { $0 } ?? globalConcurrentExecutor
    return try await withTaskExecutorPreference(executor) { () async throws(Failure) -> Result in try work() }
}

/// The pool of the module's application that was started last. One per image suffices: each image has its own copy of
/// the SDK, and all its applications have the same host.
let runningPool = Mutex<PoolExecutor?>(nil)
