package import CASGI
import HTTPServer
import Logging
import NIOConcurrencyHelpers
import RoostSystem

/// The lifespan scope of one generation: carries out what `LifespanMachine` decides. Thread-safe.
///
/// The application is called, and its receives complete, on its home (`LifespanHome`); the application itself may call
/// from any thread. Lives as long as the process, since modules may keep its id for as long.
package final class Lifespan: Sendable {
    // SAFETY: accessed under the lock of `state` only.
    private struct State: @unchecked Sendable {
        var machine = LifespanMachine()
        var receiver: Completion?
        /// The notice of the end of the scope (`asgi_host.ended`).
        var endNotice: Completion?
        /// Whether the scope has not ended.
        var isOpen = true
        /// Receive the outcomes of startup and shutdown; nil unless `start` or `stop` waits for one.
        var startup: OneShot<LifespanMachine.Outcome>?
        var shutdown: OneShot<LifespanMachine.Outcome>?
    }

    private unowned let generation: Generation
    private let slot: ScopeSlotReference
    private let id: asgi_id
    private let state = NIOLockedValueBox<State>(State())
    // SAFETY: written in `init` only; the lifespan lives as long as the process.
    private nonisolated(unsafe) let scope: UnsafeMutablePointer<asgi_scope>

    /// Takes a slot and never gives it back. Throws if the process has none left.
    package init(generation: Generation) throws {
        guard let slot = ScopeTable.process.allocateControlSlot() else {
            throw HostError(code: .exhausted, message: "no scope ids are left")
        }
        self.generation = generation
        self.slot = ScopeSlotReference(slot)
        self.id = slot.pointee.open(for: generation)
        self.scope = .zeroed(bytes: asgi_scope_size())
        self.scope.pointee.size = UInt32(asgi_scope_size())
        self.scope.pointee.type = ASGI_LIFESPAN
        self.scope.pointee.id = self.id
        self.scope.pointee.host = HostTable.pointer
        self.scope.pointee.asgi_version = asgi_string(Octets("3.0"))
        self.scope.pointee.spec_version = asgi_string(Octets("2.0"))
        self.scope.pointee.root_path = asgi_string(generation.rootPath)
        self.scope.pointee.client_port = -1
        self.scope.pointee.server_port = -1
        slot.pointee.lifespan = Unmanaged.passRetained(self)
        generation.lifespanId = self.id
    }

    private var home: LifespanHome { self.generation.home }

    // MARK: Called by the host

    /// Calls the application and waits for its answer to startup, for `seconds` at most.
    package func start(within seconds: Int) async -> LifespanMachine.Outcome {
        let answer = OneShot<LifespanMachine.Outcome>()
        self.state.withLockedValue { $0.startup = answer }
        self.home.run {
            let result = self.generation.application(self.scope, receiveCall, sendCall)
            if result != ASGI_PENDING { self.end(result) }
        }
        return await answer.value(within: .seconds(seconds)) ?? .refused(Self.lateness(seconds))
    }

    /// Asks the application to shut down and waits for its answer, for `seconds` at most.
    package func stop(within seconds: Int) async -> LifespanMachine.Outcome {
        let answer = OneShot<LifespanMachine.Outcome>()
        let outcome = self.state.withLockedValue { state in
            let outcome = state.machine.stop()
            if outcome == nil { state.shutdown = answer }
            return outcome
        }
        if let outcome { return outcome }
        self.notifyReceiver()
        return await answer.value(within: .seconds(seconds)) ?? .failedToStop(Self.lateness(seconds))
    }

    private static func lateness(_ seconds: Int) -> String {
        "no answer within \(seconds) seconds (--timeout-lifespan)"
    }

    // MARK: Called by the module, on any thread

    package func receive(
        _ event: UnsafeMutablePointer<asgi_event>, _ then: asgi_then?, _ context: UnsafeMutableRawPointer?
    ) -> asgi_result {
        let isHere = self.home.isCurrent
        let mayBlock = ScopeLoop.current == nil
        var blocked: BlockedCall?
        var isWaiting = false
        let answer: asgi_result = self.state.withLockedValue { state in
            guard state.isOpen else { return ASGI_STALE }
            guard state.receiver == nil else { return ASGI_BUSY }
            if isHere || then == nil, let next = state.machine.receive() {
                Self.fill(event, next)
                return ASGI_DONE
            }
            guard then == nil else {
                state.receiver = Completion(then, context)
                isWaiting = true
                return ASGI_PENDING
            }
            guard mayBlock else { return ASGI_WOULD_BLOCK }
            blocked = BlockedCall(event: event)
            state.receiver = .wait(blocked!)
            return ASGI_PENDING
        }
        if isWaiting { self.notifyReceiver() }
        return blocked?.wait() ?? answer
    }

    private func refuse(_ event: UInt32, _ reason: String) -> asgi_result {
        self.generation.log(
            .callRefused, ["call": "send", "event": "\(EventName(event))", "reason": "\(reason)"], scope: self.id)
        return ASGI_INVALID
    }

    package func send(_ given: UnsafePointer<asgi_event>) -> asgi_result {
        let copy = withUnsafeTemporaryAllocation(byteCount: asgi_event_size(), alignment: 16) { room in
            EventCopy(asgi_event_read(given, room.baseAddress!.assumingMemoryBound(to: asgi_event.self)))
        }
        let event = copy.event.pointee.type
        guard ASGI_LIFESPAN_STARTUP_COMPLETE...ASGI_LIFESPAN_SHUTDOWN_FAILED ~= event else {
            guard ASGI_HTTP_RESPONSE...ASGI_WEBSOCKET_HTTP_RESPONSE_BODY ~= event else { return ASGI_UNSUPPORTED }
            return self.refuse(event, "this scope is a lifespan")
        }
        var text = Octets(copy.event.pointee.text).text
        let key = Octets(copy.event.pointee.body).text
        if event == ASGI_LIFESPAN_STARTUP_FAILED, !key.isEmpty {
            text = self.generation.settings.complaint(about: key, text)
        }
        let answer: Result<LifespanMachine.Outcome, LifespanMachine.Fault>? = self.state.withLockedValue { state in
            guard state.isOpen else { return nil }
            do throws(LifespanMachine.Fault) {
                return .success(try state.machine.send(event, text: text))
            } catch { return .failure(error) }
        }
        switch answer {
        case nil: return ASGI_STALE
        case .failure(let fault):
            return self.refuse(event, fault.reason)
        case .success(let outcome):
            if outcome == .started { self.generation.state = copy.event.pointee.state }
            if copy.event.pointee.release != nil { self.home.run { copy.drop() } }
            self.report(outcome)
            return ASGI_DONE
        }
    }

    package func finish(_ result: asgi_result) -> asgi_result { self.end(result) ? ASGI_DONE : ASGI_STALE }

    /// Requests a notice of the end of the scope.
    func noticeEnd(_ completion: Completion) -> asgi_result {
        self.state.withLockedValue { state in
            guard state.isOpen else { return ASGI_STALE }
            guard state.endNotice == nil else { return ASGI_BUSY }
            state.endNotice = completion
            return ASGI_PENDING
        }
    }

    /// The mailbox of a loop, or nil if no loop has this number. Loop 0 runs an application's work that names no loop.
    package func mailbox(_ loop: Int) -> Mailbox? {
        let mailboxes = self.generation.facilities.mailboxes
        return mailboxes.indices.contains(loop) ? mailboxes[loop] : nil
    }

    /// Runs `then` on a loop, as work of the application that belongs to no request.
    func post(loop: Int, _ then: @escaping asgi_then, _ context: UnsafeMutableRawPointer?) -> asgi_result {
        guard let mailbox = self.mailbox(loop) else { return ASGI_INVALID }
        guard self.slot.pointer.pointee.announce(self.id, ordered: false) else { return ASGI_STALE }
        mailbox.put(
            .call(CrossThreadCall(id: self.id, slot: self.slot.pointer, kind: .post(.call(then, context)))))
        return ASGI_PENDING
    }

    // MARK: Completions and the end of the scope

    /// Completes a pending receive if there is an event: at once if a thread is blocked in it, otherwise on the home,
    /// where module functions may be called.
    private func notifyReceiver() {
        let isBlocked = self.state.withLockedValue { state in
            if case .wait = state.receiver { true } else { false }
        }
        if isBlocked { self.deliver() } else { self.home.run { self.deliver() } }
    }

    private func deliver() {
        let due: (Completion, LifespanMachine.Event)? = self.state.withLockedValue { state in
            guard let receiver = state.receiver, let event = state.machine.receive() else { return nil }
            state.receiver = nil
            return (receiver, event)
        }
        guard let (receiver, next) = due else { return }
        withUnsafeTemporaryAllocation(byteCount: asgi_event_size(), alignment: 16) { room in
            let event = room.baseAddress!.assumingMemoryBound(to: asgi_event.self)
            asgi_event_reset(event, next.type)
            receiver.complete(self.id, ASGI_DONE, event)
        }
    }

    /// Ends the scope. Returns false if it had already ended.
    @discardableResult
    private func end(_ result: asgi_result) -> Bool {
        let ended = self.state.withLockedValue { state -> Ended? in
            guard state.isOpen else { return nil }
            state.isOpen = false
            defer {
                state.receiver = nil
                state.endNotice = nil
            }
            return Ended(
                outcome: state.machine.ended(result), receiver: state.receiver, endNotice: state.endNotice)
        }
        guard let ended else { return false }
        _ = self.slot.pointer.pointee.end(self.id)
        for mailbox in self.generation.facilities.mailboxes {
            mailbox.waits.completeNow(mailbox.waits.numbers(of: self.id))
        }
        self.complete(ended.receiver, ASGI_CANCELLED)
        self.complete(ended.endNotice, result)
        if let outcome = ended.outcome {
            self.report(outcome)
        } else if result < 0 {
            self.generation.log(.lifespanFailed, ["result": "\(ResultName(result))"], scope: self.id)
        }
        return true
    }

    // SAFETY: used by the caller that ends the scope only.
    private struct Ended: @unchecked Sendable {
        let outcome: LifespanMachine.Outcome?
        let receiver: Completion?
        let endNotice: Completion?
    }

    private func complete(_ completion: Completion?, _ result: asgi_result) {
        switch completion {
        case .wait(let blocked): blocked.complete(result, nil)
        case .call(let then, let context):
            let id = self.id
            // SAFETY: the context belongs to the module and is passed to exactly one completion.
            nonisolated(unsafe) let held = context
            self.home.run { then(held, id, result, nil) }
        case .noCompletion, nil: break
        }
    }

    private func report(_ outcome: LifespanMachine.Outcome) {
        let waiting = self.state.withLockedValue { state in
            switch outcome {
            case .started, .without, .refused:
                defer { state.startup = nil }
                return state.startup
            case .stopped, .failedToStop:
                defer { state.shutdown = nil }
                return state.shutdown
            }
        }
        waiting?.send(outcome)
    }

    private static func fill(_ event: UnsafeMutablePointer<asgi_event>, _ next: LifespanMachine.Event) {
        withUnsafeTemporaryAllocation(byteCount: asgi_event_size(), alignment: 16) { room in
            let whole = room.baseAddress!.assumingMemoryBound(to: asgi_event.self)
            asgi_event_reset(whole, next.type)
            asgi_event_write(event, whole)
        }
    }
}

extension LifespanMachine.Event {
    package var type: UInt32 {
        switch self {
        case .startup: ASGI_LIFESPAN_STARTUP
        case .shutdown: ASGI_LIFESPAN_SHUTDOWN
        }
    }
}

/// A reference to a slot that other threads may hold.
// SAFETY: slots are never freed, and other threads use only their atomics.
struct ScopeSlotReference: @unchecked Sendable {
    let pointer: UnsafeMutablePointer<ScopeSlot>

    init(_ pointer: UnsafeMutablePointer<ScopeSlot>) { self.pointer = pointer }
}
