package import CASGI
import CLinux
package import CWorker
package import HTTPServer
import Middleware
package import NIOCore
package import RoostSettings
import Synchronization

/// The ABI's part of one event loop: opens a scope for every request, performs the calls of other threads, and runs the
/// completions of modules. Loop-bound.
///
/// `depth` counts the module functions on the stack. While it is not 0, scopes that change are only noted. They are
/// revisited when the outermost module function has returned.
package final class ScopeLoop: RequestHandler {
    package let number: Int
    package let activity: LoopActivity
    /// Memory for events that are passed to a module; used by one call at a time.
    package let event: UnsafeMutablePointer<asgi_event>
    /// Memory to complete events from modules that were built with a smaller `asgi_event`.
    package let room: UnsafeMutablePointer<asgi_event>
    /// Whether the host answers `/healthz` and `/readyz` itself.
    package var answersHealth = false
    /// The origins whose pages may open WebSockets, for mounts without origins of their own.
    package var origins = WebSocketOrigins.same
    /// The mounts. Changed by a message to the loop.
    package var mounts: MountTable
    package private(set) var mailbox: Mailbox!
    private var server: ServerLoop!

    private var depth = 0
    private var noted: [Scope] = []
    private var recycled: [Scope] = []
    /// Ended scopes that cannot be recycled yet, because of calls of other threads or of jobs that have not returned.
    private var leaving: [Scope] = []
    private var slots: FreeSlots!
    private var openScopes = 0
    private let maxScopes: Int
    /// Limit of groups per WebSocket.
    package let maxGroups: Int
    /// The members of each group on this loop.
    var members = GroupMembers()
    private var emptied: EventLoopPromise<Void>?
    /// The number of timers and mailboxes that were served since the sockets were last polled, as far as is known.
    private var tasksSincePoll = 0
    /// Timers that wait until the sockets were polled.
    private var postponed: [UInt64] = []
    private var willResumePoll = false
    /// Generations that are no longer mounted, with the number of scopes that they still have on this loop.
    private var retiring: [(generation: Generation, scopes: Int, promise: EventLoopPromise<Void>)] = []

    private static let maxRecycled = 1024
    /// The maximum number of timers and mailboxes that are served before the sockets are polled: a module that sets a
    /// short timer again and again, or a thread that posts without end, must not stop the loop.
    private static let maxTasksPerPoll = 64
    private static let resumeDelay = TimeAmount.milliseconds(100)

    /// `call`: the record of the running call in the worker's shared page; nil if there is no page.
    package init(
        number: Int, mounts: MountTable, maxScopes: Int, maxGroups: Int, call: UnsafeMutablePointer<roost_call>?
    ) {
        self.activity = LoopActivity(call)
        self.number = number
        self.maxScopes = maxScopes
        self.maxGroups = maxGroups
        self.mounts = mounts
        self.event = Self.makeEvent()
        self.room = Self.makeEvent()
    }

    private static func makeEvent() -> UnsafeMutablePointer<asgi_event> {
        UnsafeMutableRawPointer.allocate(byteCount: asgi_event_size(), alignment: 16)
            .bindMemory(to: asgi_event.self, capacity: 1)
    }

    /// Joins the event loop; called on it. The scope loop then lives as long as the process, since modules may keep ids
    /// of its scopes for as long.
    ///
    /// `sendMark`, `sendLimit`: pending bytes of one scope's sends from other threads. Above the mark a `send` is
    /// PENDING; at the limit it is FULL.
    package func join(_ server: ServerLoop, _ signal: LoopSignal, sendMark: Int, sendLimit: Int) {
        self.server = server
        let this = Unmanaged.passRetained(self)
        roost_set_current_loop(this.toOpaque())
        roost_use_call(self.activity.call)
        roost_prepare_thread()
        roost_signals_set_mask()
        let bound = NIOLoopBound(self, eventLoop: server.eventLoop)
        self.mailbox = Mailbox(
            signal: signal, loop: self.number, sendMark: sendMark, sendLimit: sendLimit,
            runOut: { bound.value.runOut($0) }, wakeUp: { bound.value.drainMailbox() },
            polled: { bound.value.polled() }
        )
        self.slots = FreeSlots(
            home: ScopeHome(loop: UnsafeRawPointer(this.toOpaque()), mailbox: Unmanaged.passRetained(self.mailbox))
        )
    }

    /// The scope loop of the calling thread, or nil if the thread is not a loop.
    @inline(__always)
    package static var current: Unmanaged<ScopeLoop>? {
        roost_current_loop().map { Unmanaged<ScopeLoop>.fromOpaque($0) }
    }

    // MARK: Requests

    package func handle(_ exchange: any Exchange) {
        if exchange.head.isServerWide { return OwnAnswer.serverOptions.give(to: exchange) }
        if self.answersHealth, let answer = self.health(exchange.head.path) { return answer.give(to: exchange) }
        let head = exchange.head
        guard let found = self.mounts.mounted(for: head) else {
            return self.mounts.absence(of: head).give(to: exchange)
        }
        // A `Mounted` lives as long as the process.
        let mounted = found._withUnsafeGuaranteedRef { $0 }
        // The process that the client is connected to checks the origin; the workers of a group do not check again.
        guard !head.asksForWebSocket || (mounted.origins ?? self.origins).allow(head) else {
            return OwnAnswer.forbiddenOrigin.give(to: exchange)
        }
        guard let middleware = mounted.middleware else { return self.handle(exchange, by: mounted) }
        guard let passed = middleware.begin(exchange, on: self.server) else { return }
        self.handle(passed, by: mounted)
    }

    /// Handles a request for which another process has found the mount.
    package func handle(_ exchange: any Exchange, mount: UInt32) {
        guard mount != Mounted.ofFiles, let mounted = self.mounts[mount] else {
            return OwnAnswer.notStarted.give(to: exchange)
        }
        self.handle(exchange, by: mounted)
    }

    @inline(__always)
    private func handle(_ exchange: any Exchange, by mounted: Mounted) {
        self.tasksSincePoll = 0
        guard let generation = mounted.generation else { return mounted.answer(exchange, on: self.number) }
        self.start(exchange, generation, root: generation)
    }

    /// Opens a scope of a generation, whether the generation is mounted or not.
    package func start(_ exchange: any Exchange, _ generation: Generation) {
        self.start(exchange, generation, root: generation)
    }

    /// Opens a scope. `root`: the generation whose mount the request matched, if others wrap it.
    @inline(__always)
    func start(_ exchange: any Exchange, _ generation: Generation, root: Generation) {
        guard self.openScopes < self.maxScopes, let slot = self.slots.removeOldest() else {
            OwnAnswer.tooManyScopes.give(to: exchange)
            return
        }
        let scope = self.recycled.popLast() ?? Scope(loop: self, slot: slot)
        self.openScopes += 1
        roost_call_count_request(self.activity.call)
        scope.start(exchange, generation: generation, root: root, slot: slot)
    }

    private func health(_ path: Octets) -> OwnAnswer? {
        if path.equals("/healthz") { return .alive }
        guard path.equals("/readyz") else { return nil }
        return self.server.isStopping ? .stopping : self.mounts.isReady ? .ready : .notStarted
    }

    /// Records that the loop is not stalled, with its numbers of connections and scopes.
    package func answerPing(connections: Int) {
        roost_call_turned(
            self.activity.call, UInt32(clamping: connections), UInt32(clamping: self.openScopes),
            NIODeadline.now().uptimeNanoseconds)
    }

    /// Counts a request that its application left unanswered, or whose response it left incomplete.
    func countFailure() { roost_call_count_failure(self.activity.call) }

    // MARK: Calling modules

    /// Runs a function of a module, for a scope if there is one.
    @inline(__always)
    package func calling<Result>(
        _ generation: Generation?, _ scope: UnsafePointer<asgi_scope>? = nil, _ body: () -> Result
    ) -> Result {
        self.activity.enter(generation, scope)
        self.depth += 1
        let result = body()
        self.depth -= 1
        if self.activity.endCall() { LoopWatch.report(self.activity, number: self.number) }
        if self.depth == 0, !self.noted.isEmpty { self.revisitNoted() }
        return result
    }

    /// The same while a function of another module may be on the stack, whose call continues afterwards.
    func callingWithin<Result>(
        _ generation: Generation?, _ scope: UnsafePointer<asgi_scope>?, _ body: () -> Result
    ) -> Result {
        let resume = self.activity.suspendCall()
        let result = self.calling(generation, scope, body)
        resume?()
        return result
    }

    /// Runs a part of a host function that calls a module. Completions run after it, not in the middle of it.
    func withoutCompletions<Result>(_ body: () -> Result) -> Result {
        self.depth += 1
        let result = body()
        self.depth -= 1
        if self.depth == 0, !self.noted.isEmpty { self.revisitNoted() }
        return result
    }

    func note(_ scope: Scope) {
        self.noted.append(scope)
        if self.depth == 0 { self.revisitNoted() }
    }

    private func revisitNoted() {
        // Scopes that are noted meanwhile are revisited here too, since `calling` does not see a depth of 0.
        self.depth += 1
        while let scope = self.noted.popLast() { scope.revisit() }
        self.depth -= 1
    }

    package func release(_ body: ResponseBody) { self.calling(nil) { body.release?(body.context) } }

    /// Releases a body later, since a host function is on the stack.
    func willRelease(_ body: ResponseBody) {
        if body.release != nil { self.server.willRelease(body) }
    }

    /// Recycles a scope that has ended and completed all its calls, unless other threads still keep it (`ScopeSlot`).
    func recycle(_ scope: Scope) {
        let isHeld = scope.slot.pointee.isHeld
        guard !isHeld, !scope.slot.pointee.hasJobs else {
            guard !scope.isUnmounting else { return }
            scope.isUnmounting = true
            self.leaving.append(scope)
            // A caller that is refused leaves nothing in the mailbox. A job wakes the mailbox itself when it returns.
            if isHeld { self.mailbox.wake() }
            return
        }
        // A timer or watch was set while the scope ended.
        guard scope.slot.pointee.waits.load(ordering: .sequentiallyConsistent) == 0 else { return scope.revisit() }
        scope.notifyEnd()
        if scope.isUnmounting {
            scope.isUnmounting = false
            self.leaving.removeAll { $0 === scope }
        }
        let slot = scope.slot
        if !self.retiring.isEmpty { self.countOut(scope.generation) }
        scope.prepareReuse()
        self.slots.give(slot)
        if self.recycled.count < Self.maxRecycled { self.recycled.append(scope) }
        self.openScopes -= 1
        guard self.openScopes == 0 else { return }
        self.emptied?.succeed()
        self.emptied = nil
    }

    package func trimMemory() { self.recycled = [] }

    // MARK: Calls of other threads

    /// Called after a signal, when the sockets were polled.
    private func polled() {
        self.tasksSincePoll = 0
        let ready = self.mailbox.waits.poll.ready()
        let postponed = self.postponed
        self.postponed = []
        self.server.turn { for number in (ready ?? []) + postponed { self.complete(number) } }
        self.drainMailbox()
        // Queued behind what the completions have posted: a guest loop then has read its descriptors.
        guard ready != nil, !self.willResumePoll else { return }
        self.willResumePoll = true
        self.server.eventLoop.assumeIsolated().execute { self.resumePoll() }
    }

    private func resumePoll() {
        guard !self.mailbox.waits.poll.resume() else {
            self.willResumePoll = false
            return
        }
        self.server.eventLoop.assumeIsolated().scheduleTask(in: Self.resumeDelay) { self.resumePoll() }
    }

    /// Whether a task must wait until the sockets were polled. The loop is signalled then.
    private func mustPollFirst() -> Bool {
        self.tasksSincePoll += 1
        return self.tasksSincePoll > Self.maxTasksPerPoll && self.mailbox.gate.sendSignal()
    }

    private func drainMailbox() {
        guard !self.mustPollFirst() else { return }
        self.server.turn {
            self.mailbox.drain { item in
                switch item {
                case .broadcast(let broadcast): self.deliver(broadcast)
                case .job(let job): self.calling(nil) { job() }
                case .call(let call):
                    self.perform(call)
                    call.slot.pointee.complete(ordered: call.isOrdered)
                }
            }
            let leaving = self.leaving
            self.leaving = []
            // The end of one may recycle another: the scope of an application that wraps the one's.
            for scope in leaving where scope.isUnmounting {
                scope.isUnmounting = false
                scope.revisit()
            }
        }
    }

    /// Completes those waits that are due: a timer has expired, a shutdown was announced, or the scope has ended.
    private func runOut(_ numbers: [UInt64]) {
        guard !self.mustPollFirst() else { return self.postponed.append(contentsOf: numbers) }
        for number in numbers { self.complete(number) }
    }

    private func complete(_ number: UInt64) {
        guard let (wait, result) = self.mailbox.waits.removeDue(number) else { return }
        let scope = wait.slot.pointee.scope?.takeUnretainedValue()
        self.server.turn {
            self.calling(wait.slot.pointee.lastGeneration, scope?.id == wait.id ? scope?.memory : nil) {
                wait.completion.complete(wait.id, result)
            }
        }
    }

    /// Sends a broadcast to the members on this loop. The completions that this causes run afterwards.
    func deliver(_ broadcast: Broadcast) {
        self.depth += 1
        self.server.turn { self.members.send(broadcast) }
        broadcast.deliver()
        self.depth -= 1
        if self.depth == 0, !self.noted.isEmpty { self.revisitNoted() }
    }

    private func perform(_ call: CrossThreadCall) {
        if let scope = call.slot.pointee.scope?.takeUnretainedValue(), scope.id == call.id {
            return scope.perform(call.kind)
        }
        let generation = call.slot.pointee.lastGeneration
        // Work of an application that belongs to no request, posted with its lifespan's id; or the scope has ended.
        switch call.kind {
        case .post(let completion), .receive(let completion), .ended(let completion):
            let isOpen = call.slot.pointee.isOpen(call.id)
            self.calling(generation) { completion.complete(call.id, isOpen ? ASGI_DONE : ASGI_CANCELLED) }
        case .send(let copy, let completion, let isPromised):
            self.calling(generation) {
                copy.drop()
                if isPromised { completion.complete(call.id, ASGI_CANCELLED) }
            }
        case .cancelled(let completion): self.calling(generation) { completion.complete(call.id, ASGI_CANCELLED) }
        case .finish, .returned, .member, .next: break
        }
    }

    // MARK: Shutdown

    /// Completes when the last open scope has ended, or when the remaining scopes have been cancelled.
    package func whenEmpty(orAfter cancelled: EventLoopFuture<Int>) -> EventLoopFuture<Void> {
        let promise = self.server.eventLoop.makePromise(of: Void.self)
        guard self.openScopes > 0 else {
            promise.succeed()
            return promise.futureResult
        }
        self.emptied = promise
        // A module that waits for nothing gets no completion: its scope keeps its memory, and nothing waits for it.
        cancelled.assumeIsolated().whenSuccess { _ in
            self.emptied?.succeed()
            self.emptied = nil
        }
        return promise.futureResult
    }

    /// Ends every open scope: its pending calls complete with CANCELLED, its id becomes stale. Returns their number.
    package func cancelAll() -> Int { self.endAll { $0.cancel() } }

    // MARK: Retiring generations

    /// Completes when the last scope of an unmounted generation has been recycled, or when they have been cancelled.
    package func retire(_ generation: Generation) -> EventLoopFuture<Void> {
        let promise = self.server.eventLoop.makePromise(of: Void.self)
        var scopes = 0
        self.forEachScope { if $0.generation === generation { scopes += 1 } }
        if scopes == 0 { promise.succeed() } else { self.retiring.append((generation, scopes, promise)) }
        return promise.futureResult
    }

    /// Ends the exchanges of a generation after its drain timeout: closes WebSockets with 1012, and cuts requests.
    package func giveUp(_ generation: Generation) {
        self.server.turn { self.forEachScope { if $0.generation === generation { $0.giveUp() } } }
    }

    /// Closes the WebSockets of a generation with 1012 now.
    package func closeWebSockets(of generation: Generation) {
        self.server.turn {
            self.forEachScope { if $0.generation === generation, $0.socket != nil { $0.giveUp() } }
        }
    }

    /// Ends the remaining scopes of a generation: pending calls complete with CANCELLED. Returns their number.
    package func cancel(_ generation: Generation) -> Int {
        let count = self.endAll { $0.generation === generation && $0.cancel() }
        // A module that waits for nothing gets no completion: its scope keeps its memory, and nothing waits for it.
        self.finishRetirement(generation)
        return count
    }

    private func countOut(_ generation: Generation?) {
        guard let at = self.retiring.firstIndex(where: { $0.generation === generation }) else { return }
        self.retiring[at].scopes -= 1
        if self.retiring[at].scopes == 0 { self.retiring.remove(at: at).promise.succeed() }
    }

    private func finishRetirement(_ generation: Generation) {
        guard let at = self.retiring.firstIndex(where: { $0.generation === generation }) else { return }
        self.retiring.remove(at: at).promise.succeed()
    }

    /// Returns the number of scopes that `end` has ended.
    private func endAll(_ end: (Scope) -> Bool) -> Int {
        var ended = 0
        self.server.turn { self.forEachScope { if end($0) { ended += 1 } } }
        return ended
    }

    private func forEachScope(_ body: (Scope) -> Void) {
        for chunk in self.slots.chunks {
            for index in 0..<ScopeTable.chunkSize {
                if let scope = (chunk + index).pointee.scope?.takeUnretainedValue() { body(scope) }
            }
        }
    }
}

@available(*, unavailable)
extension ScopeLoop: Sendable {}
