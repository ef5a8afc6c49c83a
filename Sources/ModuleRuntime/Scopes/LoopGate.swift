import NIOConcurrencyHelpers
import NIOCore

/// Runs closures of other threads on a loop, until the gate is closed. Thread-safe.
final class LoopGate: Sendable {
    let eventLoop: any EventLoop
    private let signal: LoopSignal
    private let isOpen = NIOLockedValueBox(true)

    init(signal: LoopSignal) {
        self.eventLoop = signal.eventLoop
        self.signal = signal
    }

    /// Schedules the closure on the loop, before it polls its sockets again. Returns false if the gate is closed.
    func run(_ task: @escaping @Sendable () -> Void) -> Bool {
        // Under the lock, so that no closure is added once `close` has returned.
        self.isOpen.withLockedValue { isOpen in
            if isOpen { self.eventLoop.execute(task) }
            return isOpen
        }
    }

    /// Signals the loop, which then polls its sockets first. Returns false if the gate is closed.
    func sendSignal() -> Bool {
        self.isOpen.withLockedValue { isOpen in
            if isOpen { self.signal.send() }
            return isOpen
        }
    }

    /// Closes the gate, with a last closure. Must be called before the loop ends.
    func close(after task: @escaping @Sendable () -> Void) {
        self.isOpen.withLockedValue { isOpen in
            if isOpen { self.eventLoop.execute(task) }
            isOpen = false
        }
    }
}
