import CASGI
import Glibc
import Synchronization

@testable import ASGI

/// A host without a network, with one event loop: the thread that created it. It records the module's calls; the test
/// sets the results. One at a time, since C functions find it by a global.
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
    /// Calls of `post` that have not run yet. Accessed under the lock.
    private var posted: [Call] = []
    private(set) var posts = 0
    var alive = ASGI_DONE
    /// The bytes of the last event. Invalid after the next receive, or once the event's completion has returned.
    private var lent: UnsafeMutableBufferPointer<UInt8>?
    /// The result of `post`.
    var postAnswer = ASGI_PENDING
    /// The events of the next calls of receive. If empty, receive returns ASGI_PENDING.
    var events: [(type: UInt32, body: StaticString, more: Bool)] = []
    var receiver: Call?
    var sendAnswer = ASGI_DONE
    var sender: Call?
    private(set) var sent: [Sent] = []
    /// The application's answer to startup.
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
                ended: nil, alive: { _ in FakeHost.current.alive }, post: nil, spawn: nil, after: nil, move: nil,
                cancel: nil, setting: { _, _ in nil },
                extension: { _, _ in UnsafeRawPointer(FakeHost.current.loops) }, field_names: nil,
                field_name_count: 0
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

    // MARK: Called by tests

    /// Starts an application. Returns false if the startup fails.
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

    /// Overwrites the lent bytes: code that still reads them sees wrong data.
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

    /// Completes the pending receive.
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

    /// Completes the pending send.
    func completeSend(_ result: asgi_result) {
        let call = self.sender!
        self.sender = nil
        call.then(call.context, 1, result, nil)
    }

    /// Runs one turn of the loop: all posted calls. Returns their number.
    @discardableResult
    func turn() -> Int {
        let calls = self.lock.withLock { _ in
            defer { self.posted = [] }
            return self.posted
        }
        for call in calls { call.then(call.context, 1, ASGI_DONE, nil) }
        return calls.count
    }

    /// Runs turns until the condition is true. Returns false after a minute.
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
