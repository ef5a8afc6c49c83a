import CASGI
import HTTPServer
import Logging
import Synchronization

/// The functions of `asgi.broadcast/1`. All [any].
enum BroadcastTable {
    /// Made once a host, lives as long as the process. `groups`: of so many a WebSocket can be a member.
    static func make(groups: Int) -> UnsafePointer<asgi_broadcast> {
        let table = UnsafeMutablePointer<asgi_broadcast>.zeroed(bytes: asgi_broadcast_size())
        table.pointee.size = UInt32(asgi_broadcast_size())
        table.pointee.group_limit = UInt32(groups)
        table.pointee.join = { member($0, $1, .join) }
        table.pointee.leave = { member($0, $1, .leave) }
        table.pointee.send = broadcastCall
        return UnsafePointer(table)
    }
}

/// What becomes of a membership.
enum Membership {
    case join
    case leave
}

private func member(_ id: asgi_id, _ name: UnsafePointer<asgi_string>?, _ change: Membership) -> asgi_result {
    guard let slot = ScopeTable.process.slot(of: id), let generation = slot.pointee.generation(of: id) else {
        return ASGI_STALE
    }
    guard let name, let group = GroupName(Octets(name.pointee), of: generation) else { return ASGI_INVALID }
    switch way(id) {
    case .stale: return ASGI_STALE
    case .lifespan: return ASGI_INVALID
    case .here(let scope): return scope.change(change, group)
    case .mailbox(let mailbox, let slot):
        return leave(mailbox, slot, id, .member(change, group)) ? ASGI_DONE : ASGI_STALE
    }
}

private func broadcastCall(
    _ id: asgi_id, _ name: UnsafePointer<asgi_string>?, _ event: UnsafePointer<asgi_event>?, _ except: asgi_id,
    _ then: asgi_then?, _ context: UnsafeMutableRawPointer?
) -> asgi_result {
    guard let slot = ScopeTable.process.slot(of: id), let generation = slot.pointee.generation(of: id) else {
        return ASGI_STALE
    }
    guard let name, let group = GroupName(Octets(name.pointee), of: generation), let event,
        asgi_event_has_type(event) != 0
    else { return ASGI_INVALID }
    let message: WebSocketMessage? = withUnsafeTemporaryAllocation(byteCount: asgi_event_size(), alignment: 16) {
        room in
        let whole = asgi_event_read(event, room.baseAddress!.assumingMemoryBound(to: asgi_event.self))!
        guard whole.pointee.type == ASGI_WEBSOCKET_SEND, whole.pointee.flags & ~ASGI_TEXT == 0,
            whole.pointee.release == nil
        else { return nil }
        return WebSocketMessage(Octets(whole.pointee.body), isText: whole.pointee.flags & ASGI_TEXT != 0)
    }
    guard let message else {
        generation.log(.error, "broadcast refused: it is no websocket.send, or text that is not UTF-8", scope: id)
        return ASGI_INVALID
    }
    generation.facilities.send(Broadcast(group: group, message: message, except: except), behind: slot)
    return ASGI_DONE
}

extension HostFacilities {
    /// Gives a message to the members on every loop: on this one at once, unless calls of its sender are before it.
    fileprivate func send(_ broadcast: Broadcast, behind sender: UnsafeMutablePointer<ScopeSlot>) {
        let here = ScopeLoop.current
        for mailbox in self.mailboxes {
            if let here, here._withUnsafeGuaranteedRef({ $0.mailbox === mailbox }),
                sender.pointee.ordered.load(ordering: .acquiring) == 0
            {
                here._withUnsafeGuaranteedRef { $0.deliver(broadcast) }
            } else {
                mailbox.put(.broadcast(broadcast))
            }
        }
    }
}
