import CASGI
import HTTPServer
import Logging
import RoostSystem
import Synchronization

/// The functions of `asgi.broadcast/1`. All are thread-safe.
enum BroadcastTable {
    /// Makes the table of one host; it lives as long as the process. `groups`: limit of groups per WebSocket.
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

/// A change to a WebSocket's membership in a group.
enum Membership {
    case join
    case leave
}

private func member(_ id: asgi_id, _ name: UnsafePointer<asgi_string>?, _ change: Membership) -> asgi_result {
    guard let slot = ScopeTable.process.slot(of: id), let generation = slot.pointee.generation(of: id) else {
        return ASGI_STALE
    }
    guard let name, let group = GroupName(Octets(name.pointee), of: generation) else { return ASGI_INVALID }
    switch route(id) {
    case .stale: return ASGI_STALE
    case .lifespan: return ASGI_INVALID
    case .here(let scope): return scope.change(change, group)
    case .mailbox(let mailbox, let slot):
        return enqueueCall(mailbox, slot, id, .member(change, group)) ? ASGI_DONE : ASGI_STALE
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
        generation.log(
            .callRefused, ["call": "broadcast", "reason": "the event is not websocket.send, or its text is not UTF-8"],
            scope: id)
        return ASGI_INVALID
    }
    return generation.facilities.send(message, to: group, except: except, by: id, slot, then, context)
}

extension HostFacilities {
    /// Sends a message to the members on every loop. The calling loop delivers it at once, unless earlier calls of the
    /// sender are still queued.
    ///
    /// The bytes that wait in mailboxes are counted. Above the high-water mark of one scope's sends the sender has to
    /// wait; at the limit the message is refused.
    fileprivate func send(
        _ message: WebSocketMessage, to group: GroupName, except: asgi_id, by id: asgi_id,
        _ slot: UnsafeMutablePointer<ScopeSlot>, _ then: asgi_then?, _ context: UnsafeMutableRawPointer?
    ) -> asgi_result {
        var here = ScopeLoop.current
        if slot.pointee.ordered.load(ordering: .acquiring) != 0 { here = nil }
        let others = self.mailboxes.filter { mailbox in
            here.map { $0._withUnsafeGuaranteedRef { $0.mailbox !== mailbox } } ?? true
        }
        guard let first = others.first else {
            let broadcast = Broadcast(group: group, message: message, except: except, loops: 1) {}
            here?._withUnsafeGuaranteedRef { $0.deliver(broadcast) }
            return ASGI_DONE
        }
        guard self.broadcastBytes.load(ordering: .relaxed) < first.sendLimit else { return ASGI_FULL }
        let isAbove = self.broadcastBytes.add(message.size, ordering: .relaxed).newValue > first.sendMark
        let blocked = isAbove && then == nil && ScopeLoop.current == nil ? BlockedCall(event: nil) : nil
        let completion = blocked.map { Completion.wait($0) } ?? Completion(isAbove ? then : nil, context)
        let sender = BroadcastSender(id: id, slot: slot, completion: completion)
        guard sender.announce() else {
            self.broadcastBytes.subtract(message.size, ordering: .relaxed)
            return ASGI_STALE
        }
        let loops = others.count + (here == nil ? 0 : 1)
        let broadcast = Broadcast(group: group, message: message, except: except, loops: loops) {
            self.broadcastBytes.subtract(message.size, ordering: .relaxed)
            sender.notify()
        }
        for mailbox in others { mailbox.put(.broadcast(broadcast)) }
        here?._withUnsafeGuaranteedRef { $0.deliver(broadcast) }
        return blocked?.wait() ?? (isAbove && then != nil ? ASGI_PENDING : ASGI_DONE)
    }
}

/// The scope that sent a broadcast. Its completion runs once the message has been delivered on all loops.
// SAFETY: the context belongs to the module, to which asgi.h promises one completion on any loop.
private struct BroadcastSender: @unchecked Sendable {
    let id: asgi_id
    let slot: UnsafeMutablePointer<ScopeSlot>
    let completion: Completion

    /// Keeps the scope's memory until the completion has run. Returns false if the scope has ended.
    func announce() -> Bool {
        guard case .call = self.completion else { return self.slot.pointee.isOpen(self.id) }
        return self.slot.pointee.announce(self.id, ordered: false)
    }

    func notify() {
        switch self.completion {
        case .noCompletion: break
        case .wait(let blocked): blocked.complete(ASGI_DONE, nil)
        case .call:
            let home =
                self.slot.pointee.home.mailbox?.takeUnretainedValue()
                ?? self.slot.pointee.lifespan?.takeUnretainedValue().mailbox(0)
            home?.put(.call(CrossThreadCall(id: self.id, slot: self.slot, kind: .post(self.completion))))
        }
    }
}
