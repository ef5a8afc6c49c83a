import CASGI
import Glibc
import TestSupport
import Testing

@testable import ASGI

/// The script of the application under test, and what the application recorded. One test at a time.
private enum Script {
    typealias Body = @Sendable (HTTPScope, HTTPReceive, HTTPSend) async throws -> Void

    nonisolated(unsafe) static var body: Body = { _, _, _ in }
    nonisolated(unsafe) static var notes: [String] = []
    private nonisolated(unsafe) static var suspended: CheckedContinuation<Void, Never>?

    /// Suspends the application until `resumeElsewhere`.
    static func suspend() async { await withCheckedContinuation { self.suspended = $0 } }

    /// Resumes the suspended application on another thread.
    static func resumeElsewhere() {
        let continuation = self.suspended
        self.suspended = nil
        Task.detached { continuation?.resume() }
    }
}

private struct Scripted: Application {
    init(_ lifespan: LifespanScope) {}

    func http(_ scope: HTTPScope, _ receive: HTTPReceive, _ send: HTTPSend) async throws {
        try await Script.body(scope, receive, send)
    }
}

private struct Refusing: Application {
    init(_ lifespan: LifespanScope) throws { throw SettingsError(key: "a.b", message: "is wrong") }

    func http(_ scope: HTTPScope, _ receive: HTTPReceive, _ send: HTTPSend) async throws {}
}

/// Requests through the SDK, without a network.
@Suite("HTTP calls", .serialized)
struct HTTPCallTests {
    private let host = FakeHost()

    private func request(_ body: @escaping Script.Body) -> asgi_result {
        #expect(self.host.start(Scripted.self))
        Script.notes = []
        Script.body = body
        return self.host.request(Scripted.self)
    }

    private static func answer(_ text: String) -> FakeHost.Sent {
        FakeHost.Sent(type: ASGI_HTTP_RESPONSE, status: 200, body: text, more: false)
    }

    @Test("a request that does not suspend is answered inside the call, without post and finish")
    func immediate() {
        self.host.events = []
        let result = self.request { _, receive, send in
            let loop = pthread_self()
            FakeHost.current.events = [(ASGI_HTTP_REQUEST, "ab", true), (ASGI_HTTP_REQUEST, "c", false)]
            let text = try await receive.body.text(upTo: 3)
            try await send(.start(status: 200, headers: [:]))
            try await send(.body(ResponseBody(text), more: true))
            try await send(.body("", more: false))
            Script.notes = [pthread_self() == loop ? "loop" : "elsewhere"]
        }
        #expect(result == ASGI_DONE)
        #expect(Script.notes == ["loop"])
        #expect(self.host.sent.map(\.body) == ["", "abc", ""])
        #expect(self.host.sent.map(\.more) == [false, true, false])
        #expect(self.host.finished.isEmpty)
        #expect(self.host.posts == 0)
    }

    @Test("a suspended request resumes inside the completion, and finishes the scope once")
    func waits() {
        let result = self.request { _, receive, send in
            let loop = pthread_self()
            let event = try await receive()
            try await send(.body("part", more: true))
            Script.notes = ["\(event)", pthread_self() == loop ? "loop" : "elsewhere"]
        }
        #expect(result == ASGI_PENDING)
        self.host.sendAnswer = ASGI_PENDING
        self.host.complete(ASGI_DONE, ASGI_HTTP_REQUEST, "x", more: false)
        #expect(self.host.sent.count == 1)
        #expect(self.host.finished.isEmpty)
        self.host.completeSend(ASGI_DONE)
        #expect(Script.notes == ["request(body: [120], more: false)", "loop"])
        #expect(self.host.finished == [ASGI_DONE])
        #expect(self.host.posts == 0)
    }

    @Test("a task that another thread resumes is posted to the loop")
    func foreign() async throws {
        try await onThread {
            let calls = HTTPCallTests()
            let result = calls.request { _, _, send in
                let loop = pthread_self()
                await Script.suspend()
                Script.notes = [pthread_self() == loop ? "loop" : "elsewhere"]
                try await send(.text("done"))
            }
            #expect(result == ASGI_PENDING)
            Script.resumeElsewhere()
            #expect(calls.host.turnUntilFinished())
            #expect(Script.notes == ["loop"])
            #expect(calls.host.sent == [Self.answer("done")])
            #expect(calls.host.finished == [ASGI_DONE])
            #expect(calls.host.posts == 1)
        }
    }

    @Test("a task that yields forever returns control to the loop")
    func fairness() {
        let result = self.request { _, _, _ in for _ in 0..<1000 { await Task.yield() } }
        #expect(result == ASGI_PENDING)
        #expect(self.host.finished.isEmpty)
        #expect(self.host.turnUntilFinished())
        #expect(self.host.posts >= 1000 / 64)
    }

    @Test("a job that the host refuses after shutdown still runs")
    func shutDown() async {
        #expect(self.host.start(Scripted.self))
        self.host.postAnswer = ASGI_STALE
        await withCheckedContinuation { ended in
            Script.body = { _, _, _ in
                await Script.suspend()
                ended.resume()
            }
            #expect(self.host.request(Scripted.self) == ASGI_PENDING)
            Script.resumeElsewhere()
        }
        #expect(self.host.posts > 0)
    }

    @Test("no thrown error crosses the ABI")
    func barrier() {
        struct Odd: Error {}
        #expect(self.request { _, _, _ in throw Odd() } == ASGI_FAILED)
        #expect(self.host.logged.count == 1)
        #expect(self.request { _, _, _ in throw HTTPError(404, "gone fishing") } == ASGI_DONE)
        #expect(self.host.sent.map(\.status) == [404])
        #expect(self.host.sent.map(\.body) == ["gone fishing\n"])
        #expect(
            self.request { _, _, send in
                try await send(.start(status: 200, headers: [:]))
                throw HTTPError(404)
            } == ASGI_FAILED)
    }

    @Test("a client that has disconnected ends the task without an error in the log")
    func gone() {
        #expect(self.host.start(Scripted.self))
        self.host.sendAnswer = ASGI_GONE
        Script.body = { _, _, send in try await send(.text("for nobody")) }
        #expect(self.host.request(Scripted.self) == ASGI_GONE)
        Script.body = { _, receive, _ in
            FakeHost.current.events = [(ASGI_HTTP_DISCONNECT, "", false)]
            _ = try await receive.body.bytes(upTo: 10)
        }
        #expect(self.host.request(Scripted.self) == ASGI_GONE)
        #expect(self.host.logged.isEmpty)
    }

    @Test("the task is cancelled when the host ends the scope")
    func cancelled() {
        let result = self.request { _, receive, _ in
            do {
                _ = try await receive()
            } catch {
                Script.notes = ["\(error)", "\(Task.isCancelled)"]
                throw error
            }
        }
        #expect(result == ASGI_PENDING)
        self.host.complete(ASGI_CANCELLED)
        #expect(Script.notes == ["CancellationError()", "true"])
        #expect(self.host.finished.count == 1)
    }

    @Test("a cancelled task stops waiting for an event, and the next receive gets the event")
    func abandoned() {
        let result = self.request { _, receive, send in
            await withTaskGroup(of: Void.self) { group in
                group.addTask { do { _ = try await receive() } catch { Script.notes.append("\(error)") } }
                await Task.yield()
                group.cancelAll()
            }
            Script.notes.append("\(try await receive())")
            Script.notes.append("\(try await receive())")
        }
        #expect(result == ASGI_PENDING)
        self.host.turn()
        #expect(Script.notes == ["CancellationError()"])
        self.host.complete(ASGI_DONE, ASGI_HTTP_REQUEST, "a", more: true)
        self.host.complete(ASGI_DONE, ASGI_HTTP_REQUEST, "b", more: false)
        #expect(Script.notes.dropFirst() == ["request(body: [97], more: true)", "request(body: [98], more: false)"])
        #expect(self.host.finished == [ASGI_DONE])
    }

    @Test("an event that arrives while no task waits is kept for the next receive")
    func keptEvent() {
        self.host.sendAnswer = ASGI_PENDING
        let result = self.request { _, receive, send in
            await withTaskGroup(of: Void.self) { group in
                group.addTask { _ = try? await receive() }
                await Task.yield()
                group.cancelAll()
            }
            try await send(.body("", more: true))
            Script.notes.append("\(try await receive())")
        }
        #expect(result == ASGI_PENDING)
        #expect(self.host.turn { self.host.sender != nil })
        self.host.complete(ASGI_DONE, ASGI_HTTP_REQUEST, "a", more: false)
        self.host.completeSend(ASGI_DONE)
        #expect(Script.notes == ["request(body: [97], more: false)"])
    }

    @Test("a child task that waits for a disconnect does not delay the response")
    func listening() {
        let result = self.request { _, receive, send in
            async let left = receive()
            await Task.yield()
            if FakeHost.current.receiver != nil { throw HTTPError(404) }
            _ = try await left
        }
        self.host.turn()
        #expect(self.host.sent.map(\.status) == [404])
        #expect(result == ASGI_DONE || self.host.finished == [ASGI_DONE])
    }

    @Test("a second receive while one is pending is refused")
    func busy() {
        let result = self.request { _, receive, send in
            async let first = receive()
            // The child task calls receive when it first runs.
            await Task.yield()
            do { _ = try await receive() } catch { Script.notes.append("\(error)") }
            _ = try await first
        }
        #expect(result == ASGI_PENDING)
        self.host.turn()
        #expect(Script.notes == ["the host refused the call: busy"])
        self.host.complete(ASGI_DONE, ASGI_HTTP_DISCONNECT)
        #expect(self.host.turnUntilFinished())
    }

    @Test("a scope that is kept does not change")
    func kept() {
        nonisolated(unsafe) var kept: HTTPScope?
        var path = Array("/kept".utf8CString)
        path.withUnsafeMutableBufferPointer { bytes in
            self.host.path = asgi_string(data: bytes.baseAddress, size: 5)
            #expect(self.request { scope, _, _ in kept = scope } == ASGI_DONE)
            bytes.update(repeating: 0)
        }
        #expect(kept?.path == "/kept")
    }

    @Test("a startup that fails on a setting names the setting")
    func refused() {
        #expect(!self.host.start(Refusing.self))
        #expect(self.host.answer?.type == ASGI_LIFESPAN_STARTUP_FAILED)
        #expect(self.host.answer?.body == "a.bis wrong")
        #expect(self.host.request(Refusing.self) == ASGI_FAILED)
    }
}
