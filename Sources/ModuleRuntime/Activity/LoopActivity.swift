import CASGI
import CLinux
package import CWorker
import Synchronization

/// The module call that a loop is running. `LoopWatch` reads it from its thread, the supervisor from its process.
// SAFETY: the memory behind `call` is written and read by atomic operations of CWorker.
package final class LoopActivity: @unchecked Sendable {
    /// Memory in the page that the worker shares with its supervisor, or memory allocated here if there is no page.
    /// Lives as long as the process.
    package let call: UnsafeMutablePointer<roost_call>
    /// When `LoopWatch` first saw the call that it found to block, in nanoseconds of the monotonic clock; 0 if none.
    let heldSince = Atomic<UInt64>(0)

    package init(_ call: UnsafeMutablePointer<roost_call>?) {
        if let call {
            self.call = call
        } else {
            self.call = .allocate(capacity: 1)
            self.call.initialize(to: roost_call())
        }
    }

    /// The call counter: odd while a module's function runs on the loop, and different for each call. Thread-safe.
    package var calls: UInt64 { roost_call_count(self.call) }

    @inline(__always)
    func enter(_ generation: Generation?, _ scope: UnsafePointer<asgi_scope>?) {
        roost_call_enter(
            self.call, generation.map { UInt64(UInt(bitPattern: Unmanaged.passUnretained($0).toOpaque())) } ?? 0,
            generation?.number ?? 0, UInt64(UInt(bitPattern: scope))
        )
    }

    /// Ends the call. Returns whether `LoopWatch` found it to block.
    @inline(__always)
    package func endCall() -> Bool {
        roost_call_leave(self.call)
        return self.heldSince.load(ordering: .relaxed) != 0
    }

    /// Suspends the running call for a call of another module. Returns a function that resumes it; nil if no call is
    /// running.
    func suspendCall() -> (() -> Void)? {
        guard self.calls & 1 == 1 else { return nil }
        let (owner, application, scope) = (
            self.call.pointee.owner, self.call.pointee.application, self.call.pointee.scope
        )
        roost_call_leave(self.call)
        return { roost_call_enter(self.call, owner, application, scope) }
    }

    /// The generation whose function runs, or ran last; nil if unknown. Lives as long as the process. Thread-safe.
    package var generation: Generation? {
        UnsafeRawPointer(bitPattern: UInt(roost_call_owner(self.call)))
            .map { Unmanaged<Generation>.fromOpaque($0).takeUnretainedValue() }
    }
}
