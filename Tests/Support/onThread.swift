import Foundation

/// Runs blocking code on a thread of its own. Swift has one pool thread per CPU for all tests: a test that blocks one
/// of them delays the others.
public func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        Thread { continuation.resume(with: Swift.Result { try body() }) }.start()
    }
}
