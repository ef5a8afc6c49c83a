import Glibc
import NIOConcurrencyHelpers

/// Has a thread wait for what others do.
public enum Blocking {
    public static func wait<Value: Sendable>(
        _ work: @escaping @Sendable () async throws(HostError) -> Value
    ) throws -> Value {
        let done = ConditionLock<Bool>(value: false)
        let outcome = NIOLockedValueBox<Result<Value, HostError>?>(nil)
        Task {
            let result: Result<Value, HostError>
            do throws(HostError) {
                result = .success(try await work())
            } catch { result = .failure(error) }
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
