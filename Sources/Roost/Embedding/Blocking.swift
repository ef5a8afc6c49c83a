import NIOConcurrencyHelpers

/// Has a thread wait for what others do.
package enum Blocking {
    /// Throws what the work throws.
    package static func wait<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) throws -> Value {
        let done = ConditionLock<Bool>(value: false)
        let outcome = NIOLockedValueBox<Result<Value, any Error>?>(nil)
        Task {
            let result: Result<Value, any Error>
            do { result = .success(try await work()) } catch { result = .failure(error) }
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
