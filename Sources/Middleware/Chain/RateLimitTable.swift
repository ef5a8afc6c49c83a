import CLinux
import Glibc
import HTTPServer
import Synchronization

/// The times at which clients may send their next request, in memory that all workers of a server share. Thread-safe,
/// without locks.
///
/// One number for a client and a limit: the time at which all of its requests are paid for (GCRA, the token bucket as a
/// time). The table has a fixed size. If more clients are active than it has places for, the one that has sent least is
/// forgotten.
// SAFETY: the memory is accessed by atomic operations only, and is never unmapped.
package final class RateLimitTable: @unchecked Sendable {
    /// The table of a process without a supervisor.
    package static let process = RateLimitTable()

    package let descriptor: CInt
    private let seed: UInt64
    private let slots: UnsafeMutablePointer<Atomic<UInt64>>

    /// 512 KiB, which take memory only as far as they are used.
    private static let count = 1 << 16
    /// A client's place is one of as many neighbours, which are one line of the processor's cache.
    private static let neighbours = 8
    /// Each slot has 24 bits of the client's hash, and 40 bits of the time.
    private static let timeBits: UInt64 = 40
    /// The unit of time: a tenth of a millisecond.
    package static let ticksPerSecond: UInt64 = 10_000
    private static let size = 64 + count * 8
    /// The longest time of a burst: a year, in ticks.
    static let longestTime = 366 * 86_400 * ticksPerSecond

    /// Creates a table. Nil if the system has no memory left.
    package convenience init?() { self.init(descriptor: roost_memory_make("roost-rates", Self.size), isNew: true) }

    /// Maps the table of a supervisor, whose descriptor it takes over. Nil if that fails.
    package convenience init?(descriptor: CInt) { self.init(descriptor: descriptor, isNew: false) }

    private init?(descriptor: CInt, isNew: Bool) {
        guard descriptor >= 0, let memory = mmap(nil, Self.size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0),
            memory != MAP_FAILED
        else { return nil }
        self.descriptor = descriptor
        if isNew { memory.storeBytes(of: UInt64.random(in: 0...UInt64.max), as: UInt64.self) }
        self.seed = memory.load(as: UInt64.self)
        // Zero is the value of a new slot, and of new memory.
        self.slots = (memory + 64).bindMemory(to: Atomic<UInt64>.self, capacity: Self.count)
    }

    /// The outcome for one request.
    package enum Outcome: Equatable {
        case allowed
        /// Seconds after which the client may try again.
        case refused(Int)
    }

    /// The present time in ticks. The same in all processes.
    static var now: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * Self.ticksPerSecond + UInt64(time.tv_nsec) / 100_000
    }

    /// Counts a request of a client. `interval`: ticks that a request costs; `burst`: requests that may come at once.
    func count(_ client: Octets, limit: UInt64, interval: UInt64, burst: UInt64, now: UInt64) -> Outcome {
        var sum = OctetsHash(seed: self.seed ^ limit)
        for byte in client.bytes { sum.add(byte) }
        var hash = sum.value
        // Mixed, since the bytes of addresses differ little.
        hash ^= hash >> 33
        hash = hash &* 0xff51_afd7_ed55_8ccd
        hash ^= hash >> 33
        let tag = max(hash >> Self.timeBits, 1)
        let first = Int(truncatingIfNeeded: hash) & (Self.count - 1) & ~(Self.neighbours - 1)
        let mask = UInt64(1) << Self.timeBits - 1
        let now = now & mask
        while true {
            let (slot, seen) = self.place(first, tag, now, mask)
            var paid = seen >> Self.timeBits == tag ? max(seen & mask, now) : now
            // A time that no request can have set: the clock has passed the end of its bits.
            if paid - now > burst * interval { paid = now }
            guard paid - now <= (burst - 1) * interval else {
                let wait = paid - now - (burst - 1) * interval
                return .refused(Int((wait + Self.ticksPerSecond - 1) / Self.ticksPerSecond))
            }
            let value = tag << Self.timeBits | min(paid + interval, mask)
            if slot.pointee.compareExchange(expected: seen, desired: value, ordering: .relaxed).exchanged {
                return .allowed
            }
        }
    }

    /// The slot of the client, or the one that it takes over: the one whose time is over first.
    private func place(
        _ first: Int, _ tag: UInt64, _ now: UInt64, _ mask: UInt64
    ) -> (slot: UnsafeMutablePointer<Atomic<UInt64>>, value: UInt64) {
        var oldest = self.slots + first
        var least = oldest.pointee.load(ordering: .relaxed)
        for at in 0..<Self.neighbours {
            let slot = self.slots + first + at
            let value = slot.pointee.load(ordering: .relaxed)
            if value >> Self.timeBits == tag { return (slot, value) }
            if value & mask < least & mask { (oldest, least) = (slot, value) }
        }
        return (oldest, least)
    }
}
