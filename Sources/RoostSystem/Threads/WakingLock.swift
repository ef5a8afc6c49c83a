import Glibc

/// A mutex with a condition, which wakes as many threads as there is something to do for. [any]
///
/// `NIOConcurrencyHelpers.ConditionLock` wakes everybody whenever it is unlocked.
package final class WakingLock: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    package init() {
        self.mutex.initialize(to: pthread_mutex_t())
        self.condition.initialize(to: pthread_cond_t())
        pthread_mutex_init(self.mutex, nil)
        pthread_cond_init(self.condition, nil)
    }

    deinit {
        pthread_cond_destroy(self.condition)
        pthread_mutex_destroy(self.mutex)
        self.condition.deallocate()
        self.mutex.deallocate()
    }

    package func withLock<Result>(_ body: () -> Result) -> Result {
        pthread_mutex_lock(self.mutex)
        defer { pthread_mutex_unlock(self.mutex) }
        return body()
    }

    /// Gives the lock away until somebody wakes this thread; it may also wake by itself. Under the lock.
    package func wait() { pthread_cond_wait(self.condition, self.mutex) }

    /// The same, for so long at most.
    package func wait(milliseconds: UInt64) {
        var until = timespec()
        clock_gettime(CLOCK_REALTIME, &until)
        let nanoseconds = UInt64(until.tv_nsec) + milliseconds % 1000 * 1_000_000
        until.tv_sec += Int(milliseconds / 1000 + nanoseconds / 1_000_000_000)
        until.tv_nsec = Int(nanoseconds % 1_000_000_000)
        pthread_cond_timedwait(self.condition, self.mutex, &until)
    }

    /// Under the lock.
    package func wakeOne() { pthread_cond_signal(self.condition) }
    package func wakeAll() { pthread_cond_broadcast(self.condition) }
}
