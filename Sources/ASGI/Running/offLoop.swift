import Synchronization

/// Runs work that may block, on the host's pool of threads; whoever awaits it goes on on its event loop.
///
/// How many threads there are the operator says (`--blocking-threads`); work waits for a free one. Where the pool's queue is
/// full, and after shutdown, it runs on Swift's own threads.
///
/// ```swift
/// let text = try await offLoop { try readFile(path) }
/// try await send(.text(text))
/// ```
public func offLoop<Result: Sendable, Failure: Error>(
    _ work: @Sendable () throws(Failure) -> Result
) async throws(Failure) -> Result {
    let executor: any TaskExecutor = runningPool.withLock { $0 } ?? globalConcurrentExecutor
    return try await withTaskExecutorPreference(executor) { () async throws(Failure) -> Result in try work() }
}

/// The pool of the application of this module that was started last: every image has an SDK of its own, and applications of one
/// image have one host.
let runningPool = Mutex<PoolExecutor?>(nil)
