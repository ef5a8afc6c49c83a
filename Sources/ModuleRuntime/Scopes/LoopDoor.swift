import NIOConcurrencyHelpers
import NIOCore

/// The way for other threads onto a loop, until it is no more. [any]
final class LoopDoor: Sendable {
    let eventLoop: any EventLoop
    private let isOpen = NIOLockedValueBox(true)

    init(eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    /// Has the loop run this; false: it takes nothing any more.
    func run(_ task: @escaping @Sendable () -> Void) -> Bool {
        // Under the lock, so that nothing is on its way once `close` has returned.
        self.isOpen.withLockedValue { isOpen in
            if isOpen { self.eventLoop.execute(task) }
            return isOpen
        }
    }

    /// The loop will end.
    func close() { self.isOpen.withLockedValue { $0 = false } }
}
