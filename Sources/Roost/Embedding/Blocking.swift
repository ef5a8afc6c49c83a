import NIOConcurrencyHelpers

/// Has a thread wait for asynchronous work.
package enum Blocking {
    /// Throws what the work throws.
    package static func wait<Value: Sendable, Failure: Error>(
        _ work: @escaping @Sendable () async throws(Failure) -> Value
    ) throws(Failure) -> Value {
        let done = ConditionLock<Bool>(value: false)
        let outcome = NIOLockedValueBox<Result<Value, Failure>?>(nil)
        Task {
            let result: Result<Value, Failure>
            do throws(Failure) { result = .success(try await work()) } catch { result = .failure(error) }
            outcome.withLockedValue { $0 = result }
            done.lock()
            done.unlock(withValue: true)
        }
        done.lock(whenValue: true)
        done.unlock()
        // It is there when the lock says so.
        return try outcome.withLockedValue { $0! }.get()
    }
}
