import Glibc

/// The monotonic clock: it is never set. [any]
package enum MonotonicClock {
    package static var microseconds: Int {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return now.tv_sec * 1_000_000 + now.tv_nsec / 1000
    }

    package static var milliseconds: Int { self.microseconds / 1000 }
}
