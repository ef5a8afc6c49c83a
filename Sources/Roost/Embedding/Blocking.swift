import RoostSystem

/// Blocks a thread until asynchronous work has ended.
package enum Blocking {
    /// Rethrows the error of the work.
    package static func wait<Value: Sendable, Failure: Error>(
        _ work: @escaping @Sendable () async throws(Failure) -> Value
    ) throws(Failure) -> Value {
        let outcome = Monitor<Result<Value, Failure>?>(nil)
        Task {
            let result: Result<Value, Failure>
            do throws(Failure) { result = .success(try await work()) } catch { result = .failure(error) }
            outcome.withLock { $0 = result }
            outcome.signal()
        }
        return try outcome.wait { $0 }.get()
    }
}
