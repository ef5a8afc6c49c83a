import CASGI
import HTTPServer
import Logging
import RoostSystem

/// The scope of a WebSocket as a member of groups.
extension Scope {
    /// Joins or leaves a group. On the loop.
    package func change(_ change: Membership, _ group: GroupName) -> asgi_result {
        guard self.socket != nil else { return ASGI_INVALID }
        switch change {
        case .join:
            guard self.groups.contains(group) || self.groups.count < self.loop.maxGroups else { return ASGI_FULL }
            self.groups.insert(group)
            self.loop.members.join(self, group)
        case .leave:
            self.groups.remove(group)
            self.loop.members.leave(self.id, group)
        }
        return ASGI_DONE
    }

    func leaveGroups() {
        guard !self.groups.isEmpty else { return }
        for group in self.groups { self.loop.members.leave(self.id, group) }
        self.groups = []
    }

    /// Sends a group's message to the client. Does nothing if the scope has ended or is not a WebSocket.
    package func enqueue(_ message: WebSocketMessage) {
        guard self.openExchange != nil, let socket else { return }
        guard case .full = socket.send(message) else { return }
        // Otherwise the client would miss this message but get later ones.
        _ = socket.close(code: 1013, reason: Octets("client too slow; reconnect"))
        self.log(.groupMemberClosed)
    }
}
