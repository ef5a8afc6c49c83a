import CASGI
import CLinux
package import CWorker
import Synchronization

/// What a loop is doing for a module, as `LoopWatch` may ask from its thread, and the supervisor from its process.
// SAFETY: the memory behind `call` is written and read by atomic operations of CWorker.
package final class LoopActivity: @unchecked Sendable {
    /// In the page that a worker shares with its supervisor, or in memory of its own; lives as long as the process.
    package let call: UnsafeMutablePointer<roost_call>
    /// When the watch found that a call runs for long, in nanoseconds of the monotonic clock; 0: it has not.
    let heldSince = Atomic<UInt64>(0)

    package init(_ call: UnsafeMutablePointer<roost_call>?) {
        if let call {
            self.call = call
        } else {
            self.call = .allocate(capacity: 1)
            self.call.initialize(to: roost_call())
        }
    }

    /// Odd while a module's function runs on the loop; another number for each. [any]
    package var calls: UInt64 { roost_call_count(self.call) }

    @inline(__always)
    func enter(_ generation: Generation?, _ scope: UnsafePointer<asgi_scope>?) {
        roost_call_enter(
            self.call, generation.map { UInt64(UInt(bitPattern: Unmanaged.passUnretained($0).toOpaque())) } ?? 0,
            generation?.number ?? 0, UInt64(UInt(bitPattern: scope))
        )
    }

    /// Whether the watch has noticed the call that ends.
    @inline(__always)
    package func endCall() -> Bool {
        roost_call_leave(self.call)
        return self.heldSince.load(ordering: .relaxed) != 0
    }

    /// Whose function it is, or was last; nil: it is not known. Generations live as long as the process. [any]
    package var generation: Generation? {
        UnsafeRawPointer(bitPattern: UInt(roost_call_owner(self.call)))
            .map { Unmanaged<Generation>.fromOpaque($0).takeUnretainedValue() }
    }
}
