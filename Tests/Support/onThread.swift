import Foundation

/// Runs what waits for long on a thread of its own. Swift has as many threads as CPUs, for all tests: those who hold one keep
/// the others from going on.
public func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        Thread { continuation.resume(with: Swift.Result { try body() }) }.start()
    }
}
