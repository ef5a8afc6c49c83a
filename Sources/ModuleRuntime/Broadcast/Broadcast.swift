import CASGI
import HTTPServer
import Synchronization

/// A message on its way to a group: encoded once, for all loops. [any]
///
/// Here a group may get another way in later: whoever brings messages from other workers or hosts leaves them in every mailbox,
/// as a module's `send` does.
final class Broadcast: Sendable {
    let group: GroupName
    let message: WebSocketMessage
    /// The member that does not get it; 0: there is none.
    let except: asgi_id
    /// Loops that have not given it to their members.
    private let left: Atomic<Int>
    private let delivered: @Sendable () -> Void

    /// `delivered` is run when it has been given to the members on so many loops.
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

    /// It has been given to the members on one loop, or that loop is no more.
    func deliver() {
        if self.left.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 { self.delivered() }
    }
}
