import NIOConcurrencyHelpers
import NIOCore

/// Runs closures of other threads on a loop, until it is closed. Used from any thread.
final class LoopGate: Sendable {
    let eventLoop: any EventLoop
    private let isOpen = NIOLockedValueBox(true)

    init(eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    /// Has the loop run the closure; false: the gate is closed.
    func run(_ task: @escaping @Sendable () -> Void) -> Bool {
        // Under the lock, so that no closure is added once `close` has returned.
        self.isOpen.withLockedValue { isOpen in
            if isOpen { self.eventLoop.execute(task) }
            return isOpen
        }
    }

    /// Called before the loop ends.
    func close() { self.isOpen.withLockedValue { $0 = false } }
}
