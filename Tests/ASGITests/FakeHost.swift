import CASGI
import Glibc
import Synchronization

@testable import ASGI

/// A host of one loop, the thread that made it, without a network: what a module asks is noted, what it is told is said by
/// the test. One at a time, since C functions find it by a global.
final class FakeHost: @unchecked Sendable {
    nonisolated(unsafe) static var current: FakeHost!

    struct Sent: Equatable {
        var type: UInt32
        var status: Int32
        var body: String
        var more: Bool
    }

    struct Call {
        let then: asgi_then
        let context: UnsafeMutableRawPointer?
    }

    private let loop = pthread_self()
    private let lock = Mutex(())
    /// Calls of `post` that have not been run. Touched under the lock.
    private var posted: [Call] = []
    private(set) var posts = 0
    var alive = ASGI_DONE
    /// The bytes of the last event: gone with the next receive, or when its completion has returned.
    private var lent: UnsafeMutableBufferPointer<UInt8>?
    /// What `post` answers.
    var postAnswer = ASGI_PENDING
    /// What the next calls of receive answer; none: PENDING.
    var events: [(type: UInt32, body: StaticString, more: Bool)] = []
    var receiver: Call?
    var sendAnswer = ASGI_DONE
    var sender: Call?
    private(set) var sent: [Sent] = []
    /// What startup was answered.
    private(set) var answer: Sent?
    /// The path of the next request.
    var path: asgi_string {
        get { self.scope.pointee.path }
        set { self.scope.pointee.path = newValue }
    }
    private(set) var finished: [asgi_result] = []
    private(set) var logged: [String] = []
    private var state: UnsafeMutableRawPointer?
    private let table = UnsafeMutablePointer<asgi_host>.allocate(capacity: 1)
    private let loops = UnsafeMutablePointer<asgi_loop>.allocate(capacity: 1)
    private let scope = UnsafeMutablePointer<asgi_scope>.allocate(capacity: 1)

    init() {
        Self.current = self
        self.loops.initialize(
            to: asgi_loop(
                size: UInt32(MemoryLayout<asgi_loop>.size), count: 1,
                current: { FakeHost.current.isOnLoop ? 0 : -1 },
                post: { _, _, then, context in FakeHost.current.post(Call(then: then!, context: context)) },
                watch: nil, after: nil
            )
        )
        self.table.initialize(
            to: asgi_host(
                size: UInt32(MemoryLayout<asgi_host>.size), abi: 0, name: asgi_string(), version: asgi_string(),
                log: { _, _, text in
                    FakeHost.current.note { $0.logged.append(String(text!.pointee)) }
                    return ASGI_DONE
                },
                finish: { _, result in
                    FakeHost.current.note { $0.finished.append(result) }
                    return ASGI_DONE
                },
                alive: { _ in FakeHost.current.alive }, post: nil, spawn: nil, after: nil, cancel: nil,
                setting: { _, _ in nil },
                extension: { _, _ in UnsafeRawPointer(FakeHost.current.loops) }
            )
        )
        memset(self.scope, 0, MemoryLayout<asgi_scope>.size)
        self.scope.pointee.size = UInt32(MemoryLayout<asgi_scope>.size)
        self.scope.pointee.id = 1
        self.scope.pointee.host = UnsafePointer(self.table)
    }

    private var isOnLoop: Bool { pthread_self() == self.loop }

    private func note(_ body: (FakeHost) -> Void) { self.lock.withLock { _ in body(self) } }

    private func post(_ call: Call) -> asgi_result {
        self.lock.withLock { _ in
            self.posts += 1
            if self.postAnswer == ASGI_PENDING { self.posted.append(call) }
            return self.postAnswer
        }
    }

    // MARK: For tests

    /// Starts an application up; false: it refused.
    func start<App: Application>(_ type: App.Type) -> Bool {
        self.sent = []
        self.events = [(ASGI_LIFESPAN_STARTUP, "", false)]
        _ = self.call(type, ASGI_LIFESPAN)
        guard self.turn(until: { !self.sent.isEmpty }) else { return false }
        self.scope.pointee.state = self.state
        self.receiver = nil
        self.answer = self.sent.removeFirst()
        return self.answer?.type == ASGI_LIFESPAN_STARTUP_COMPLETE
    }

    /// Calls the application with a request.
    func request<App: Application>(_ type: App.Type) -> asgi_result { self.call(type, ASGI_HTTP) }

    private func call<App: Application>(_ type: App.Type, _ scope: UInt32) -> asgi_result {
        self.scope.pointee.type = scope
        return type.call(
            UnsafePointer(self.scope),
            { _, event, then, context in FakeHost.current.receive(event!, then, context) },
            { _, event, then, context in FakeHost.current.send(event!, then, context) }
        )
    }

    private func receive(
        _ event: UnsafeMutablePointer<asgi_event>, _ then: asgi_then?, _ context: UnsafeMutableRawPointer?
    ) -> asgi_result {
        guard self.receiver == nil else { return ASGI_BUSY }
        if let next = self.events.first {
            self.events.removeFirst()
            self.fill(event, next)
            return ASGI_DONE
        }
        guard let then else { return ASGI_WOULD_BLOCK }
        self.receiver = Call(then: then, context: context)
        return ASGI_PENDING
    }

    private func fill(_ event: UnsafeMutablePointer<asgi_event>, _ next: (UInt32, StaticString, Bool)) {
        self.spoil()
        let lent = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: next.1.utf8CodeUnitCount)
        _ = lent.initialize(from: UnsafeBufferPointer(start: next.1.utf8Start, count: next.1.utf8CodeUnitCount))
        self.lent = lent
        event.pointee.type = next.0
        event.pointee.flags = next.2 ? ASGI_MORE : 0
        event.pointee.body = asgi_string(UnsafeRawBufferPointer(lent))
    }

    /// Whoever still looks at them sees something else.
    private func spoil() { self.lent?.update(repeating: UInt8(ascii: "!")) }

    private func send(
        _ event: UnsafePointer<asgi_event>, _ then: asgi_then?, _ context: UnsafeMutableRawPointer?
    ) -> asgi_result {
        let answer = self.scope.pointee.type == ASGI_LIFESPAN ? ASGI_DONE : self.sendAnswer
        guard answer >= 0 else { return answer }
        self.note { host in
            if event.pointee.type == ASGI_LIFESPAN_STARTUP_COMPLETE { host.state = event.pointee.state }
            host.sent.append(
                Sent(
                    type: event.pointee.type, status: event.pointee.status,
                    body: String(event.pointee.body) + String(event.pointee.text),
                    more: event.pointee.flags & ASGI_MORE != 0
                )
            )
        }
        if answer == ASGI_PENDING { self.sender = then.map { Call(then: $0, context: context) } }
        return answer
    }

    /// Completes what waits in `receive`.
    func complete(_ result: asgi_result, _ type: UInt32 = 0, _ body: StaticString = "", more: Bool = false) {
        let call = self.receiver!
        self.receiver = nil
        let event = UnsafeMutablePointer<asgi_event>.allocate(capacity: 1)
        defer { event.deallocate() }
        asgi_event_reset(event, type)
        self.fill(event, (type, body, more))
        if result == ASGI_CANCELLED { self.alive = ASGI_STALE }
        call.then(call.context, 1, result, result == ASGI_DONE ? UnsafePointer(event) : nil)
        self.spoil()
    }

    /// Completes what waits in `send`.
    func completeSend(_ result: asgi_result) {
        let call = self.sender!
        self.sender = nil
        call.then(call.context, 1, result, nil)
    }

    /// One turn of the loop: runs what was posted. Says how much there was.
    @discardableResult
    func turn() -> Int {
        let calls = self.lock.withLock { _ in
            defer { self.posted = [] }
            return self.posted
        }
        for call in calls { call.then(call.context, 1, ASGI_DONE, nil) }
        return calls.count
    }

    /// Turns until something is so; what is not so for a minute never will be.
    func turn(until isSo: () -> Bool) -> Bool {
        let end = ContinuousClock.now + .seconds(60)
        while !self.lock.withLock({ _ in isSo() }) {
            guard ContinuousClock.now < end else { return false }
            self.turn()
        }
        return true
    }

    func turnUntilFinished() -> Bool { self.turn { !self.finished.isEmpty } }
}
