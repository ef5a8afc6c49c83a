package import CASGI
import Glibc
package import HTTPServer
import Logging
import RoostSystem
import Synchronization

/// One request or one WebSocket in the ABI: connects an `Exchange` with a module's `application`. Loop-bound; reused.
///
/// Pending receives and sends are completed by `revisit`. It runs only while no host function is on the stack: changes
/// inside a call are noted, and reported later.
final class Scope: ExchangeOwner {
    // SAFETY: scope loops live as long as the process.
    unowned(unsafe) let loop: ScopeLoop
    private var scopeMemory = ScopeMemory()
    /// The scope as the module sees it.
    var memory: UnsafeMutablePointer<asgi_scope> { self.scopeMemory.pointer }
    private(set) var id: asgi_id = 0
    private(set) var slot: UnsafeMutablePointer<ScopeSlot>
    // SAFETY: generations live as long as the process.
    private(set) unowned(unsafe) var generation: Generation?
    /// Set until the scope is recycled: the exchange owns memory that the module may still read.
    private(set) var exchange: (any Exchange)?
    /// The exchange as a WebSocket; nil for an HTTP scope.
    private(set) var socket: (any WebSocket)?
    /// The exchange; nil once the scope has ended.
    var openExchange: (any Exchange)? { self.life.isEnded ? nil : self.exchange }
    private var life = ScopeLife()

    /// The pending receive.
    private var receiver: Completion?
    /// The pending sends.
    var senders: [Completion] = []
    /// The notice of the end of the scope (`asgi_host.ended`).
    private var endNotice: Completion?
    /// The result that the scope has ended with.
    private var endResult = ASGI_DONE
    /// The result for the pending sends at the next revisit.
    private var sendersResult: asgi_result?
    /// Bytes of sends from other threads that are still counted in the slot's `underWay`.
    private var foreignBytes = 0
    /// Keeps the scope while `application` runs on the pool: the application may end the scope, so that the exchange
    /// releases it, and return later.
    private var itself: Scope?
    /// Whether the loop has it in its list of ended scopes that cannot be recycled yet.
    var isUnmounting = false
    /// The memory of the previous scope's view, kept for the next view; nil if there was none.
    private var view: ViewMemory?
    /// The groups that the WebSocket is a member of.
    var groups: Set<GroupName> = []
    private var isNoted = false
    private var isRevisiting = false

    init(loop: ScopeLoop, slot: UnsafeMutablePointer<ScopeSlot>) {
        self.loop = loop
        self.slot = slot
    }

    deinit { self.view?.deallocate() }

    // MARK: Start and end

    /// Calls the application with a request or a WebSocket. `root`: the generation whose mount the request matched: the
    /// same one, or the innermost of those that it wraps.
    @inline(__always)
    func start(
        _ exchange: any Exchange, generation: Generation, root: Generation, slot: UnsafeMutablePointer<ScopeSlot>
    ) {
        self.slot = slot
        self.generation = generation
        self.exchange = exchange
        self.socket = exchange.head.asksForWebSocket ? exchange.webSocket : nil
        self.life = ScopeLife()
        self.id = slot.pointee.open(for: generation)
        slot.pointee.scope = Unmanaged.passUnretained(self)
        if let view { view.lend(to: slot) }
        exchange.number = self.id
        exchange.owner = self
        self.scopeMemory.describe(exchange, self.socket, id: self.id, generation, root: root)
        guard !generation.isBlocking(webSocket: self.socket != nil) else {
            return self.startOnPool(exchange, generation)
        }
        let result = self.loop.calling(generation, self.memory) {
            generation.application(self.memory, receiveCall, sendCall)
        }
        self.follow(self.life.returned(self.queueEndIfCallsPending(result) ? ASGI_PENDING : result))
        self.note()
    }

    /// Has the pool call the application, which may block. Answers 503 if the queue is full or there is no thread.
    private func startOnPool(_ exchange: any Exchange, _ generation: Generation) {
        self.slot.pointee.jobs.add(1, ordering: .sequentiallyConsistent)
        let work = BlockingPool.Job.Work.application(generation.application, self.memory)
        let outcome = generation.facilities.pool.enqueue(BlockingPool.Job(id: self.id, slot: self.slot, work: work))
        guard outcome != .enqueued else {
            self.itself = self
            return
        }
        self.slot.pointee.jobs.subtract(1, ordering: .sequentiallyConsistent)
        if case .noThread(let isNews) = outcome {
            if isNews { generation.logNoThread() }
            OwnAnswer.noThread.respond(to: exchange)
        } else {
            OwnAnswer.tooManyJobs.respond(to: exchange)
        }
        self.follow(self.life.returned(ASGI_DONE))
        self.note()
    }

    /// Whether calls of other threads that came before `application` returned are still queued. If so, queues the end
    /// of the scope behind them, since calls that the host has accepted must not be lost.
    private func queueEndIfCallsPending(_ result: asgi_result) -> Bool {
        guard result != ASGI_PENDING, self.slot.pointee.ordered.load(ordering: .sequentiallyConsistent) > 0,
            !self.life.isEnded, let mailbox = self.slot.pointee.home.mailbox
        else { return false }
        // As `announce`, but the id may have ended: another thread has finished the scope, and its call is queued.
        self.slot.pointee.announceReturn()
        guard self.slot.pointee.end(self.id) else {
            self.slot.pointee.complete(ordered: true)
            self.logIgnored(result)
            return true
        }
        mailbox._withUnsafeGuaranteedRef {
            $0.put(.call(CrossThreadCall(id: self.id, slot: self.slot, kind: .finish(result))))
        }
        return true
    }

    private func follow(_ step: ScopeLife.Step) {
        switch step {
        case .goOn: break
        case .end(let result): self.end(result)
        case .ignore(let result): self.logIgnored(result)
        }
    }

    private func logIgnored(_ result: asgi_result) {
        self.log(.resultIgnored, ["result": "\(ResultName(result))"])
    }

    /// Ends the scope: its id becomes stale, and its response is complete, replaced by a 500, or cut. The caller must
    /// call `note` afterwards.
    private func end(_ result: asgi_result) {
        self.endResult = result
        _ = self.slot.pointee.end(self.id)
        // An application that does not support WebSockets has not failed.
        if result == ASGI_UNSUPPORTED, let socket { OwnAnswer.noWebSocket.reject(socket) }
        switch self.exchange?.end(failed: result < 0) {
        case nil, .passedOn: break
        case .complete:
            guard result < 0, result != ASGI_CANCELLED, result != ASGI_GONE,
                self.socket == nil || result != ASGI_UNSUPPORTED
            else { break }
            self.logFailure(result, outcome: "response was complete")
        case .answered:
            self.loop.countFailure()
            self.logFailure(result, outcome: "no response; answered 500")
        case .aborted:
            self.loop.countFailure()
            self.logFailure(result, outcome: "incomplete response; connection closed")
        case .closed(let code):
            guard result < 0 else { break }
            self.loop.countFailure()
            self.logFailure(result, outcome: "open WebSocket; closed with \(code)")
        }
    }

    private func logFailure(_ result: asgi_result, outcome: String) {
        self.log(.applicationFailed, ["result": "\(ResultName(result))", "outcome": "\(outcome)"])
    }

    /// Ends the scope for the module. On the loop.
    func finish(_ result: asgi_result) -> asgi_result {
        guard self.slot.pointee.end(self.id) else { return ASGI_STALE }
        self.follow(self.life.finish(result))
        self.note()
        return ASGI_DONE
    }

    /// Ends the scope after the drain timeout. Returns false if it had already ended.
    func cancel() -> Bool {
        guard self.slot.pointee.end(self.id) else { return false }
        self.follow(self.life.cancel())
        self.note()
        return true
    }

    /// Ends the exchange of an unmounted application after the drain timeout; client and application are notified.
    func giveUp() { self.openExchange?.giveUp() }

    /// Requests a notice of the end of the scope.
    func noticeEnd(_ completion: Completion) -> asgi_result {
        guard self.openExchange != nil else { return ASGI_STALE }
        guard self.endNotice == nil else { return ASGI_BUSY }
        self.endNotice = completion
        return ASGI_PENDING
    }

    // MARK: Receive

    func receive(_ event: UnsafeMutablePointer<asgi_event>, _ completion: Completion) -> asgi_result {
        guard let exchange = self.openExchange else { return ASGI_STALE }
        guard self.receiver == nil else { return ASGI_BUSY }
        guard self.receive(from: exchange) else {
            if case .noCompletion = completion { return ASGI_WOULD_BLOCK }
            self.receiver = completion
            return ASGI_PENDING
        }
        asgi_event_write(event, self.loop.event)
        return ASGI_DONE
    }

    /// Writes the next event into the loop's event. Returns false if there is none yet.
    private func receive(from exchange: any Exchange) -> Bool {
        if let socket { return self.receive(from: socket) }
        switch exchange.receive() {
        case .pending: return false
        case .disconnect: asgi_event_reset(self.loop.event, ASGI_HTTP_DISCONNECT)
        case .part(let octets, let more):
            asgi_event_reset(self.loop.event, ASGI_HTTP_REQUEST)
            self.loop.event.pointee.body = asgi_string(octets)
            self.loop.event.pointee.flags = more ? ASGI_MORE : 0
            guard !more else { break }
            let trailers = exchange.trailers
            self.loop.event.pointee.headers = UnsafeRawPointer(trailers.baseAddress)?
                .assumingMemoryBound(to: asgi_header.self)
            self.loop.event.pointee.header_count = trailers.count
        }
        return true
    }

    private func receive(from socket: any WebSocket) -> Bool {
        switch socket.receive() {
        case .pending: return false
        case .connect: asgi_event_reset(self.loop.event, ASGI_WEBSOCKET_CONNECT)
        case .message(let octets, let isText):
            asgi_event_reset(self.loop.event, ASGI_WEBSOCKET_RECEIVE)
            self.loop.event.pointee.body = asgi_string(octets)
            self.loop.event.pointee.flags = isText ? ASGI_TEXT : 0
        case .disconnect(let code, let reason):
            asgi_event_reset(self.loop.event, ASGI_WEBSOCKET_DISCONNECT)
            self.loop.event.pointee.code = Int32(code)
            self.loop.event.pointee.text = asgi_string(reason)
        }
        return true
    }

    // MARK: Calls of other threads, performed on the loop while no host function is on the stack

    func perform(_ kind: CrossThreadCall.Kind) {
        switch kind {
        case .receive(let completion):
            guard self.receiver == nil else { return self.complete(completion, ASGI_BUSY) }
            self.receiver = completion
        case .send(let copy, let completion, let isPromised):
            self.performSend(copy, completion, isPromised)
        case .finish(let result): self.follow(self.life.finish(result))
        case .post(let completion):
            self.complete(completion, self.life.isEnded ? ASGI_CANCELLED : ASGI_DONE)
        case .ended(let completion):
            if self.endNotice == nil {
                self.endNotice = completion
            } else {
                self.complete(completion, ASGI_BUSY)
            }
        case .member(let change, let group):
            let result = self.life.isEnded ? ASGI_DONE : self.change(change, group)
            if result != ASGI_DONE { self.log(.groupJoinFailed, ["result": "\(ResultName(result))"]) }
        case .cancelled(let completion): self.complete(completion, ASGI_CANCELLED)
        case .next(let call, let isPassedOn): self.callNext(call, isPassedOn: isPassedOn)
        case .returned(let result):
            self.itself = nil
            self.follow(self.life.returned(result))
        }
        self.note()
    }

    private func performSend(_ copy: EventCopy, _ completion: Completion, _ isPromised: Bool) {
        let result = self.send(copy.event, isPromised ? completion : .noCompletion, file: copy.file, isTaken: true)
        switch result {
        case ASGI_PENDING:
            self.foreignBytes += copy.size
            return
        case ASGI_DONE: break
        default:
            self.loop.calling(self.generation) { copy.drop() }
            if result != ASGI_GONE, result != ASGI_STALE { self.slot.pointee.isFaulty.store(true, ordering: .relaxed) }
        }
        self.slot.pointee.underWay.subtract(copy.size, ordering: .relaxed)
        guard isPromised else { return }
        self.complete(completion, result == ASGI_STALE ? ASGI_CANCELLED : result)
    }

    // MARK: The next application

    /// The exchange of an application that wraps another; nil for every other application.
    var wrapper: WrapperExchange? { self.exchange as? WrapperExchange }

    /// Passes the exchange on to the next application, which `callNext` then calls. Returns ASGI_PENDING, or why not.
    func passOn() -> asgi_result {
        guard !self.life.isEnded, let wrapper else { return ASGI_UNSUPPORTED }
        guard self.receiver == nil else { return ASGI_BUSY }
        return wrapper.passOn() ? ASGI_PENDING : ASGI_INVALID
    }

    /// Starts the scope of the next application, which takes over the exchange. This scope keeps its memory, which the
    /// other one refers to, until the other is recycled. `isPassedOn`: whether `passOn` was called.
    private func callNext(_ call: NextCall, isPassedOn: Bool) {
        let result = isPassedOn ? ASGI_PENDING : self.passOn()
        guard let wrapper, result == ASGI_PENDING else {
            self.log(.callRefused, ["call": "applications->call", "reason": "\(ResultName(result))"])
            // The module was told that the next application would answer.
            if wrapper?.isPassedOn != true { _ = self.finish(ASGI_FAILED) }
            return
        }
        // The drain timeout has passed meanwhile: nobody would cancel the next application's scope.
        guard self.endResult != ASGI_CANCELLED || !self.life.isEnded else {
            _ = wrapper.inner.end(failed: true)
            return
        }
        self.slot.pointee.jobs.add(1, ordering: .sequentiallyConsistent)
        wrapper.callNext(call, for: self)
    }

    /// Ends the scope, since that of the next application has ended.
    func nextEnded(failed: Bool) { _ = self.finish(failed ? ASGI_FAILED : ASGI_DONE) }

    /// Releases the memory that `callNext` has kept.
    func nextRecycled() {
        self.slot.pointee.jobs.subtract(1, ordering: .sequentiallyConsistent)
        if self.life.isOver { self.note() }
    }

    // MARK: Changes of the exchange

    func exchange(changed change: ExchangeChange) {
        switch change {
        case .readable: guard self.receiver != nil else { return }
        case .writable: self.sendersResult = ASGI_DONE
        case .complete:
            self.slot.pointee.audience.store(self.socket == nil ? .served : .gone, ordering: .releasing)
            guard self.receiver != nil else { return }
        case .gone:
            self.slot.pointee.audience.store(.gone, ordering: .releasing)
            self.sendersResult = ASGI_GONE
        }
        self.note()
    }

    /// Requests a revisit, as soon as no host function is on the stack.
    private func note() {
        guard !self.isNoted else { return }
        self.isNoted = true
        if !self.isRevisiting { self.loop.note(self) }
    }

    /// Completes the module's pending calls. On the loop, while no host function is on the stack.
    func revisit() {
        self.isRevisiting = true
        repeat {
            self.isNoted = false
            self.notifySenders()
            self.notifyReceiver()
            if self.life.isEnded { self.notifyWaits() }
        } while self.isNoted
        self.isRevisiting = false
        if self.life.isOver { self.loop.recycle(self) }
    }

    private func notifyReceiver() {
        while let receiver {
            if let exchange = self.openExchange {
                guard self.receive(from: exchange) else { return }
                self.receiver = nil
                // A copy, since the module may receive again before it has read this event.
                withUnsafeTemporaryAllocation(byteCount: asgi_event_size(), alignment: 16) { room in
                    memcpy(room.baseAddress!, self.loop.event, asgi_event_size())
                    self.complete(receiver, ASGI_DONE, room.baseAddress!.assumingMemoryBound(to: asgi_event.self))
                }
            } else {
                self.receiver = nil
                self.complete(receiver, ASGI_CANCELLED)
            }
        }
    }

    private func notifySenders() {
        guard let result = self.life.isEnded ? ASGI_CANCELLED : self.sendersResult else { return }
        self.sendersResult = nil
        self.slot.pointee.underWay.subtract(self.foreignBytes, ordering: .relaxed)
        self.foreignBytes = 0
        let completions = self.senders
        guard !completions.isEmpty else { return }
        self.senders = []
        for completion in completions { self.complete(completion, result) }
    }

    /// Cancels the waits of an ended scope.
    private func notifyWaits() {
        guard self.slot.pointee.waits.load(ordering: .sequentiallyConsistent) > 0,
            let waits = self.slot.pointee.home.mailbox?.takeUnretainedValue().waits
        else { return }
        for number in waits.numbers(of: self.id) {
            if let wait = waits.remove(number) { self.complete(wait.completion, ASGI_CANCELLED) }
        }
    }

    /// Completes the notice of the end, after all other completions. Called before the scope is recycled.
    func notifyEnd() {
        guard let endNotice else { return }
        self.endNotice = nil
        self.complete(endNotice, self.endResult)
    }

    private func complete(
        _ completion: Completion, _ result: asgi_result, _ event: UnsafePointer<asgi_event>? = nil
    ) {
        self.loop.calling(self.generation, self.memory) { completion.complete(self.id, result, event) }
    }

    /// Releases the resources of the request. No module and no other thread refers to the scope any more.
    func prepareReuse() {
        self.leaveGroups()
        self.view = ViewMemory(takingBack: self.slot)
        self.slot.pointee.scope = nil
        self.generation = nil
        self.socket = nil
        self.exchange?.recycle()
        self.exchange = nil
    }

    func log(_ event: LoggedEvent, _ fields: @autoclosure () -> Logger.Metadata = [:]) {
        self.generation?.log(event, fields(), scope: self.id)
    }
}

extension asgi_string {
    @inline(__always)
    package init(_ octets: Octets) { self.init(data: octets.data, size: octets.size) }
}

extension Octets {
    /// A string that has a size but no bytes becomes empty.
    @inline(__always)
    package init(_ string: asgi_string) { self.init(data: string.data, size: string.data == nil ? 0 : string.size) }
}

@available(*, unavailable)
extension Scope: Sendable {}
