import CASGI
import HTTPServer
import Synchronization

/// A message to a group of WebSockets, encoded once for all loops. Thread-safe.
///
/// Messages from other workers or hosts could be added later: a receiver of such messages would put them into every
/// mailbox, as a module's `send` does.
final class Broadcast: Sendable {
    let group: GroupName
    let message: WebSocketMessage
    /// The member that does not get the message; 0 if every member gets it.
    let except: asgi_id
    /// The number of loops that have not delivered the message to their members.
    private let left: Atomic<Int>
    private let delivered: @Sendable () -> Void

    /// `delivered` runs once all `loops` loops have delivered the message to their members.
    init(
        group: GroupName, message: WebSocketMessage, except: asgi_id, loops: Int,
        delivered: @escaping @Sendable () -> Void
    ) {
        self.group = group
        self.message = message
        self.except = except
        self.left = Atomic(loops)
        self.delivered = delivered
    }

    /// Records that one loop has delivered the message to its members, or has ended.
    func deliver() {
        if self.left.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 { self.delivered() }
    }
}
