package import CASGI
import CJSON
import CLinux
import HTTPServer
import Logging
import RoostSystem
import Synchronization

/// The functions that modules call: `receive`, `send`, and the table behind `scope->host`. All are thread-safe.
///
/// On the scope's own loop, with no earlier call of another thread queued, a call acts at once. Any other call goes
/// through the loop's mailbox. Calls about the lifespan go to the `Lifespan`, which accepts them from any thread.
package enum HostTable {
    /// The table of host functions. Lives as long as the process.
    // SAFETY: the table is constant once made.
    package nonisolated(unsafe) static let pointer: UnsafePointer<asgi_host> = {
        let table = UnsafeMutablePointer<asgi_host>.zeroed(bytes: asgi_host_size())
        table.pointee.size = UInt32(asgi_host_size())
        table.pointee.abi = UInt32(ASGI_ABI)
        table.pointee.name = asgi_string(Octets("roost"))
        table.pointee.version = asgi_string(Octets(RoostVersion.literal))
        table.pointee.log = logCall
        table.pointee.finish = finishCall
        table.pointee.ended = endedCall
        table.pointee.alive = aliveCall
        table.pointee.post = postCall
        table.pointee.spawn = spawnCall
        table.pointee.after = afterCall
        table.pointee.move = moveCall
        table.pointee.cancel = cancelCall
        table.pointee.setting = settingCall
        table.pointee.extension = extensionCall
        let names = FieldNames.all
        table.pointee.field_names = UnsafeRawPointer(names.baseAddress)?.assumingMemoryBound(to: asgi_string.self)
        table.pointee.field_name_count = names.count
        return UnsafePointer(table)
    }()

    /// Makes the `asgi.loop/1` table of a host with `loops` loops. It lives as long as the process.
    static func makeLoopExtension(loops: Int) -> UnsafePointer<asgi_loop> {
        let table = UnsafeMutablePointer<asgi_loop>.zeroed(bytes: asgi_loop_size())
        table.pointee.size = UInt32(asgi_loop_size())
        table.pointee.count = UInt32(loops)
        table.pointee.current = currentLoopCall
        table.pointee.post = loopPostCall
        table.pointee.watch = watchCall
        table.pointee.after = { loopAfterCall($0, Int($1), $2, $3, $4, $5) }
        return UnsafePointer(table)
    }
}

/// How a call about a scope reaches the scope.
enum CallRoute {
    case here(Scope)
    case mailbox(Unmanaged<Mailbox>, UnsafeMutablePointer<ScopeSlot>)
    case lifespan(Lifespan)
    case stale
}

@inline(__always)
func route(_ id: asgi_id) -> CallRoute {
    guard let slot = ScopeTable.process.slot(of: id), slot.pointee.isOpen(id) else { return .stale }
    guard let loop = slot.pointee.home.loop else {
        // A lifespan's slot is never reused, and the lifespan lives as long as the process.
        return slot.pointee.lifespan.map { .lifespan($0.takeUnretainedValue()) } ?? .stale
    }
    if loop == UnsafeRawPointer(roost_current_loop()), slot.pointee.ordered.load(ordering: .acquiring) == 0 {
        return slot.pointee.scope.map { .here($0.takeUnretainedValue()) } ?? .stale
    }
    return slot.pointee.home.mailbox.map { .mailbox($0, slot) } ?? .stale
}

/// Puts a call into a mailbox. Returns false if the scope has ended.
func enqueueCall(
    _ mailbox: Unmanaged<Mailbox>, _ slot: UnsafeMutablePointer<ScopeSlot>, _ id: asgi_id, _ kind: CrossThreadCall.Kind
) -> Bool {
    let call = CrossThreadCall(id: id, slot: slot, kind: kind)
    guard slot.pointee.announce(id, ordered: call.isOrdered) else { return false }
    mailbox._withUnsafeGuaranteedRef { $0.put(.call(call)) }
    return true
}

/// Logs why a call is invalid, and returns ASGI_INVALID.
func refuse(_ id: asgi_id, _ call: String, _ reason: String) -> asgi_result {
    ScopeTable.process.slot(of: id)?.pointee.generation(of: id)?
        .log(.callRefused, ["call": "\(call)", "reason": "\(reason)"], scope: id)
    return ASGI_INVALID
}

// MARK: receive and send

package func receiveCall(
    _ id: asgi_id, _ event: UnsafeMutablePointer<asgi_event>?, _ then: asgi_then?, _ context: UnsafeMutableRawPointer?
) -> asgi_result {
    guard let event, asgi_event_has_type(event) != 0 else {
        return refuse(id, "receive", "no event, or its size does not cover its type")
    }
    switch route(id) {
    case .stale: return ASGI_STALE
    case .here(let scope): return scope.receive(event, Completion(then, context))
    case .lifespan(let lifespan): return lifespan.receive(event, then, context)
    case .mailbox(let mailbox, let slot):
        guard !slot.pointee.isFaulty.exchange(false, ordering: .relaxed) else { return ASGI_INVALID }
        if then != nil {
            return enqueueCall(mailbox, slot, id, .receive(Completion(then, context))) ? ASGI_PENDING : ASGI_STALE
        }
        guard ScopeLoop.current == nil else { return ASGI_WOULD_BLOCK }
        let blocked = BlockedCall(event: event)
        guard enqueueCall(mailbox, slot, id, .receive(.wait(blocked))) else { return ASGI_STALE }
        return blocked.wait()
    }
}

package func sendCall(
    _ id: asgi_id, _ event: UnsafePointer<asgi_event>?, _ then: asgi_then?, _ context: UnsafeMutableRawPointer?
) -> asgi_result {
    guard let event, asgi_event_has_type(event) != 0 else {
        return refuse(id, "send", "no event, or its size does not cover its type")
    }
    switch route(id) {
    case .stale: return ASGI_STALE
    case .here(let scope):
        guard let loop = ScopeLoop.current else { return ASGI_STALE }
        let whole = loop._withUnsafeGuaranteedRef { asgi_event_read(event, $0.room) }
        return scope.send(whole!, Completion(then, context))
    case .lifespan(let lifespan): return lifespan.send(event)
    case .mailbox(let mailbox, let slot):
        // The beginning of the next application's response cannot wait for calls of other threads.
        if slot.pointee.home.loop == UnsafeRawPointer(roost_current_loop()),
            let scope = slot.pointee.scope?.takeUnretainedValue(), scope.wrapper?.beginning != nil
        {
            return withUnsafeTemporaryAllocation(byteCount: asgi_event_size(), alignment: 16) { room in
                scope.send(
                    asgi_event_read(event, room.baseAddress!.assumingMemoryBound(to: asgi_event.self)),
                    Completion(then, context))
            }
        }
        return sendFromOtherThread(mailbox, slot, id, event, then, context)
    }
}

/// `send` on another thread: copies the event, counts its bytes, and queues it for the loop.
private func sendFromOtherThread(
    _ mailbox: Unmanaged<Mailbox>, _ slot: UnsafeMutablePointer<ScopeSlot>, _ id: asgi_id,
    _ event: UnsafePointer<asgi_event>, _ then: asgi_then?, _ context: UnsafeMutableRawPointer?
) -> asgi_result {
    guard !slot.pointee.isFaulty.exchange(false, ordering: .relaxed) else { return ASGI_INVALID }
    guard slot.pointee.audience.load(ordering: .acquiring) != .gone else {
        return slot.pointee.isOpen(id) ? ASGI_GONE : ASGI_STALE
    }
    guard EventName.isSent(event) else { return ASGI_UNSUPPORTED }
    let (mark, limit) = mailbox._withUnsafeGuaranteedRef { ($0.sendMark, $0.sendLimit) }
    guard slot.pointee.underWay.load(ordering: .relaxed) < limit else { return ASGI_FULL }
    let copy: EventCopy
    do {
        copy = try withUnsafeTemporaryAllocation(byteCount: asgi_event_size(), alignment: 16) { room in
            let whole = asgi_event_read(event, room.baseAddress!.assumingMemoryBound(to: asgi_event.self))!
            return EventCopy(whole, file: try .named(by: whole.pointee))
        }
    } catch {
        slot.pointee.generation(of: id)?
            .log(.sendFailed, ["event": "\(EventName(event.pointee.type))", "reason": "\(error)"], scope: id)
        return ASGI_FAILED
    }
    // Announced before the bytes are counted: the slot cannot be recycled any more, so they are counted for this scope.
    guard slot.pointee.announce(id, ordered: true) else { return ASGI_STALE }
    copy.file?.markSent()
    let blocks = then == nil && ScopeLoop.current == nil
    let isAbove =
        slot.pointee.underWay.add(copy.size, ordering: .relaxed).newValue > mark
        && copy.event.pointee.type != ASGI_HTTP_RESPONSE_START
    let isPromised = isAbove && (blocks || then != nil)
    let blocked = blocks && isAbove ? BlockedCall(event: nil) : nil
    let completion = blocked.map { .wait($0) } ?? Completion(then, context)
    let call = CrossThreadCall(id: id, slot: slot, kind: .send(copy, completion, isPromised: isPromised))
    mailbox._withUnsafeGuaranteedRef { $0.put(.call(call)) }
    return blocked?.wait() ?? (isAbove ? ASGI_PENDING : ASGI_DONE)
}

// MARK: The table

private func logCall(_ id: asgi_id, _ level: Int32, _ message: UnsafePointer<asgi_string>?) -> asgi_result {
    guard let message else { return ASGI_INVALID }
    let slot = ScopeTable.process.slot(of: id)
    let generation = slot?.pointee.generation(of: id)
    let text = Octets(message.pointee).text
    if let generation {
        generation.log(Logger.Level(asgi: level), message: text, scope: id)
        return ASGI_DONE
    }
    // The scope has ended, but its message may still matter.
    (slot?.pointee.lastGeneration ?? nil)?.log(Logger.Level(asgi: level), message: text, scope: id)
    return ASGI_STALE
}

private func finishCall(_ id: asgi_id, _ result: asgi_result) -> asgi_result {
    guard result <= 0 else { return refuse(id, "finish", "\(result) is not a result that ends a scope") }
    switch route(id) {
    case .stale: return ASGI_STALE
    case .lifespan(let lifespan): return lifespan.finish(result)
    case .here(let scope): return scope.finish(result)
    case .mailbox(let mailbox, let slot):
        // Announced before the id ends, so that the scope keeps its memory until the loop has performed the call.
        guard slot.pointee.announce(id, ordered: true) else { return ASGI_STALE }
        guard slot.pointee.end(id) else {
            slot.pointee.complete(ordered: true)
            return ASGI_STALE
        }
        let call = CrossThreadCall(id: id, slot: slot, kind: .finish(result))
        mailbox._withUnsafeGuaranteedRef { $0.put(.call(call)) }
        return ASGI_DONE
    }
}

private func endedCall(_ id: asgi_id, _ then: asgi_then?, _ context: UnsafeMutableRawPointer?) -> asgi_result {
    guard let then else { return ASGI_INVALID }
    switch route(id) {
    case .stale: return ASGI_STALE
    case .lifespan(let lifespan): return lifespan.noticeEnd(.call(then, context))
    case .here(let scope): return scope.noticeEnd(.call(then, context))
    case .mailbox(let mailbox, let slot):
        return enqueueCall(mailbox, slot, id, .ended(.call(then, context))) ? ASGI_PENDING : ASGI_STALE
    }
}

private func aliveCall(_ id: asgi_id) -> asgi_result {
    guard let slot = ScopeTable.process.slot(of: id), slot.pointee.isOpen(id) else { return ASGI_STALE }
    let audience = slot.pointee.audience.load(ordering: .acquiring)
    guard slot.pointee.isOpen(id) else { return ASGI_STALE }
    return audience == .waits ? ASGI_DONE : ASGI_GONE
}

private func postCall(_ id: asgi_id, _ then: asgi_then?, _ context: UnsafeMutableRawPointer?) -> asgi_result {
    guard let then else { return ASGI_INVALID }
    switch route(id) {
    case .stale: return ASGI_STALE
    case .lifespan(let lifespan): return lifespan.post(loop: 0, then, context)
    case .here(let scope):
        guard let mailbox = scope.slot.pointee.home.mailbox else { return ASGI_STALE }
        return enqueueCall(mailbox, scope.slot, id, .post(.call(then, context))) ? ASGI_PENDING : ASGI_STALE
    case .mailbox(let mailbox, let slot):
        return enqueueCall(mailbox, slot, id, .post(.call(then, context))) ? ASGI_PENDING : ASGI_STALE
    }
}

private func spawnCall(_ id: asgi_id, _ job: asgi_then?, _ context: UnsafeMutableRawPointer?) -> asgi_result {
    guard let job else { return ASGI_INVALID }
    guard let slot = ScopeTable.process.slot(of: id), let generation = slot.pointee.generation(of: id),
        slot.pointee.beginJob(id)
    else { return ASGI_STALE }
    switch generation.facilities.pool.enqueue(BlockingPool.Job(id: id, slot: slot, work: .job(job, context))) {
    case .enqueued: return ASGI_PENDING
    case .noThread(isNews: true): generation.logNoThread()
    case .noThread, .full: break
    }
    slot.pointee.endJob(id)
    return ASGI_FULL
}

private func afterCall(
    _ id: asgi_id, _ microseconds: UInt64, _ then: asgi_then?, _ context: UnsafeMutableRawPointer?,
    _ timer: UnsafeMutablePointer<UInt64>?
) -> asgi_result {
    loopAfterCall(id, nil, microseconds, then, context, timer)
}

private func moveCall(_ id: asgi_id, _ number: UInt64, _ microseconds: UInt64) -> asgi_result {
    withWaits(id, ScopeWaits.loop(of: number)) { _, waits in
        waits.move(number, of: id, microseconds: microseconds) ? ASGI_DONE : ASGI_INVALID
    }
}

private func cancelCall(_ id: asgi_id, _ number: UInt64) -> asgi_result {
    guard let (slot, mailbox) = announceWait(id, loop: ScopeWaits.loop(of: number)) else {
        return ScopeTable.process.slot(of: id)?.pointee.isOpen(id) == true ? ASGI_INVALID : ASGI_STALE
    }
    guard let taken = mailbox.waits.remove(number, of: id) else {
        slot.pointee.complete(ordered: false)
        return ASGI_INVALID
    }
    // On its own loop, a persistent watch just ends: a completion cannot be on its way.
    if taken.isPersistent, ScopeLoop.current?.takeUnretainedValue().mailbox === mailbox {
        slot.pointee.complete(ordered: false)
        return ASGI_DONE
    }
    // The announced call is completed once this call has been performed.
    mailbox.put(.call(CrossThreadCall(id: id, slot: slot, kind: .cancelled(taken.completion))))
    return ASGI_DONE
}

/// Announces a call that concerns the waits of a scope, and returns the mailbox that has these waits. The scope keeps
/// its memory until the call is completed. Returns nil if the scope has ended, or has no such loop: a request has only
/// its own. `loop`: nil for the scope's own loop, which for a lifespan is the first.
private func announceWait(_ id: asgi_id, loop: Int?) -> (UnsafeMutablePointer<ScopeSlot>, Mailbox)? {
    guard let slot = ScopeTable.process.slot(of: id), slot.pointee.announce(id, ordered: false) else { return nil }
    let mailbox: Mailbox?
    if let own = slot.pointee.home.mailbox?.takeUnretainedValue() {
        mailbox = loop == nil || loop == own.waits.loop ? own : nil
    } else {
        // A lifespan's slot is never reused, and the lifespan lives as long as the process.
        mailbox = slot.pointee.lifespan?.takeUnretainedValue().mailbox(loop ?? 0)
    }
    guard let mailbox else {
        slot.pointee.complete(ordered: false)
        return nil
    }
    return (slot, mailbox)
}

private func settingCall(_ id: asgi_id, _ key: UnsafePointer<asgi_string>?) -> UnsafePointer<asgi_string>? {
    guard let key, let generation = ScopeTable.process.slot(of: id)?.pointee.generation(of: id) else { return nil }
    return generation.settings.value(Octets(key.pointee).text)
}

private func extensionCall(_ id: asgi_id, _ name: UnsafePointer<asgi_string>?) -> UnsafeRawPointer? {
    guard let name, let slot = ScopeTable.process.slot(of: id), slot.pointee.isOpen(id) else { return nil }
    let asked = Octets(name.pointee)
    // Every host has these two, and a module asks for the first with every request.
    if asked.equals("asgi.urls/1") { return UnsafeRawPointer(ViewsTable.pointer) }
    if asked.equals("asgi.json/1") { return UnsafeRawPointer(roost_json_functions()) }
    guard let facilities = slot.pointee.generation(of: id)?.facilities else { return nil }
    switch asked.text {
    case "asgi.applications/1": return UnsafeRawPointer(ApplicationsTable.pointer)
    case "asgi.loop/1": return UnsafeRawPointer(facilities.loopExtension)
    case "asgi.shutdown/1": return UnsafeRawPointer(facilities.shutdownExtension)
    case "asgi.broadcast/1": return UnsafeRawPointer(facilities.broadcastExtension)
    default: return nil
    }
}

private func currentLoopCall() -> Int32 {
    ScopeLoop.current.map { Int32($0.takeUnretainedValue().number) } ?? -1
}

private func loopPostCall(
    _ id: asgi_id, _ loop: UInt32, _ then: asgi_then?, _ context: UnsafeMutableRawPointer?
) -> asgi_result {
    guard let then else { return ASGI_INVALID }
    switch route(id) {
    case .stale: return ASGI_STALE
    case .lifespan(let lifespan): return lifespan.post(loop: Int(loop), then, context)
    case .here, .mailbox: return ASGI_INVALID
    }
}

private func loopAfterCall(
    _ id: asgi_id, _ loop: Int?, _ microseconds: UInt64, _ then: asgi_then?, _ context: UnsafeMutableRawPointer?,
    _ timer: UnsafeMutablePointer<UInt64>?
) -> asgi_result {
    guard let then else { return ASGI_INVALID }
    return withWaits(id, loop) { slot, waits in
        waits.add(id, slot, microseconds: microseconds, .call(then, context), number: timer)
        return ASGI_PENDING
    }
}

private func watchCall(
    _ id: asgi_id, _ loop: UInt32, _ file: Int32, _ conditions: UInt32, _ then: asgi_then?,
    _ context: UnsafeMutableRawPointer?, _ watch: UnsafeMutablePointer<UInt64>?
) -> asgi_result {
    let isPersistent = conditions & ASGI_PERSISTENT != 0
    let conditions = DescriptorPoll.Conditions(rawValue: conditions & ~ASGI_PERSISTENT)
    guard let then, !conditions.isEmpty, conditions.isSubset(of: [.readable, .writable]) else { return ASGI_INVALID }
    return withWaits(id, Int(loop)) { slot, waits in
        waits.add(
            id, slot, file: file, conditions, isPersistent: isPersistent, .call(then, context), number: watch)
    }
}

/// Calls `body` with the slot of a scope, which keeps its memory meanwhile, and with the waits of one of its loops.
func withWaits(
    _ id: asgi_id, _ loop: Int?, _ body: (UnsafeMutablePointer<ScopeSlot>, ScopeWaits) -> asgi_result
) -> asgi_result {
    guard let (slot, mailbox) = announceWait(id, loop: loop) else {
        return ScopeTable.process.slot(of: id)?.pointee.isOpen(id) == true ? ASGI_INVALID : ASGI_STALE
    }
    defer { slot.pointee.complete(ordered: false) }
    return body(slot, mailbox.waits)
}

extension Logger.Level {
    /// The level for a level of `asgi.h`.
    package init(asgi level: Int32) {
        self =
            switch level {
            case ..<ASGI_LOG_INFO: .debug
            case ..<ASGI_LOG_WARNING: .info
            case ..<ASGI_LOG_ERROR: .warning
            default: .error
            }
    }
}
