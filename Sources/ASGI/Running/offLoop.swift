/// Runs work that may block, on Swift's own threads; whoever awaits it goes on on its event loop.
///
/// There are as many of those threads as CPUs, and they are everybody's: for files and short computations, not for work
/// that waits for minutes.
///
/// ```swift
/// let text = try await offLoop { try readFile(path) }
/// try await send(.text(text))
/// ```
public func offLoop<Result: Sendable, Failure: Error>(
    _ work: @Sendable () throws(Failure) -> Result
) async throws(Failure) -> Result {
    try await withTaskExecutorPreference(globalConcurrentExecutor) { () async throws(Failure) -> Result in try work() }
}
