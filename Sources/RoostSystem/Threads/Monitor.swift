import Glibc

/// A value guarded by a mutex, with a condition variable: threads wait until the value has the state they need. [any]
///
/// This is the host's only condition variable, and `NIOLockedValueBox` its only mutex. Both are built on pthread
/// mutexes, which the thread sanitizer knows. It does not see the futex of `Synchronization.Mutex`, and would report
/// every access that such a mutex guards.
// SAFETY: `value` is accessed under `mutex` only.
package final class Monitor<Value>: @unchecked Sendable {
    private var value: Value
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    package init(_ value: sending Value) {
        self.value = value
        self.mutex.initialize(to: pthread_mutex_t())
        self.condition.initialize(to: pthread_cond_t())
        pthread_mutex_init(self.mutex, nil)
        // Deadlines are times of the monotonic clock: the wall clock may be set during a wait.
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(self.condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(self.condition)
        pthread_mutex_destroy(self.mutex)
        self.condition.deallocate()
        self.mutex.deallocate()
    }

    /// Runs `body` with the value. A caller that changes what others wait for must call `signal` or `broadcast`, in
    /// `body` or after it.
    package func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
        pthread_mutex_lock(self.mutex)
        defer { pthread_mutex_unlock(self.mutex) }
        return try body(&self.value)
    }

    /// Evaluates `poll` now and after each wake-up, until it returns a result. The mutex is free between evaluations.
    package func wait<Result>(_ poll: (inout Value) -> Result?) -> Result {
        pthread_mutex_lock(self.mutex)
        defer { pthread_mutex_unlock(self.mutex) }
        while true {
            if let result = poll(&self.value) { return result }
            pthread_cond_wait(self.condition, self.mutex)
        }
    }

    /// Like `wait(_:)`, with a time limit; nil if `poll` has no result by then.
    package func wait<Result>(milliseconds: Int, _ poll: (inout Value) -> Result?) -> Result? {
        var deadline = timespec()
        clock_gettime(CLOCK_MONOTONIC, &deadline)
        let nanoseconds = deadline.tv_nsec + milliseconds % 1000 * 1_000_000
        deadline.tv_sec += milliseconds / 1000 + nanoseconds / 1_000_000_000
        deadline.tv_nsec = nanoseconds % 1_000_000_000
        pthread_mutex_lock(self.mutex)
        defer { pthread_mutex_unlock(self.mutex) }
        while true {
            if let result = poll(&self.value) { return result }
            guard pthread_cond_timedwait(self.condition, self.mutex, &deadline) != ETIMEDOUT else {
                return poll(&self.value)
            }
        }
    }

    /// Wakes one waiting thread.
    package func signal() { pthread_cond_signal(self.condition) }

    /// Wakes all waiting threads.
    package func broadcast() { pthread_cond_broadcast(self.condition) }
}
