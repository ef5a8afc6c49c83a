import CASGI
import HTTPServer

/// A message on its way to a group: encoded once, for all loops. [any]
///
/// Here a group may get another way in later: whoever brings messages from other workers or hosts leaves them in every mailbox,
/// as a module's `send` does.
struct Broadcast: Sendable {
    let group: GroupName
    let message: WebSocketMessage
    /// The member that does not get it; 0: there is none.
    let except: asgi_id
}
