import Foundation
import HTTPServer
import Logging
import RoostSystem
import TestSupport
import Testing

@testable import Roost

/// A module written with the Swift SDK, in a host.
@Suite("Swift modules")
struct SwiftModuleTests {
    let folder: TemporaryFolder
    let library = "\(Repository.products)/libSwiftCalls.so"

    init() throws { self.folder = try TemporaryFolder() }

    private func serve(
        _ settings: String? = nil, configure: (inout HostConfiguration) -> Void = { _ in }
    ) async throws -> ServedHost {
        try await ServedHost(self.library, settings: settings, in: self.folder, configure: configure)
    }

    @Test("a module gets its settings, and the log names the settings file")
    func settings() async throws {
        try await withServedHost(self.serve("greeting: hello\ncolour: dark\n")) { served throws in
            #expect(try served.get("/").text == "hello")
            #expect(!served.log.holding("settings file \(self.folder.path)/settings.yaml").isEmpty)
        }
    }

    @Test(
        "a wrong setting refuses the start, with file, line and the allowed values",
        arguments: [
            ("a: 1", 1, "'a': unknown key (known: greeting, colour, size, fail)"),
            ("greeting: x\ngreeting.x: 1", 2, "'greeting.x': unknown key (did you mean 'greeting'?)"),
            ("greeting: hello\n\ncolour: dak\n", 3, "'colour': found 'dak', expected one of light, dark"),
            ("# size\nsize: 11", 2, "'size': found 11, expected 1 to 10"),
            ("greeting: [1]", 1, "'greeting': found a list, expected text"),
        ])
    func wrong(settings: String, line: Int, message: String) async throws {
        let error = await #expect(throws: HostError.self) { _ = try await self.serve(settings) }
        let text = "\(self.folder.path)/settings.yaml:\(line): \(message)"
        #expect(error?.message.contains(text) == true, "\(error?.message ?? "") lacks \(text)")
    }

    @Test("a failed startup refuses the start with its reason; a failed shutdown is logged")
    func lifespan() async throws {
        let error = await #expect(throws: HostError.self) { _ = try await self.serve("fail: startup") }
        #expect(error?.message == "calls refused to start: the database is away")
        try await withServedHost(self.serve("fail: shutdown")) { served in
            #expect(try served.get("/").text == "none")
            try await served.stop()
            #expect(!served.log.holding("application shutdown failed", "reason=the index was not written").isEmpty)
        }
    }

    @Test(
        "the scope in Swift has the fields of the request",
        .enabled(if: !ServedHost.isHTTP2, "of HTTP/1, or of paths that nghttpx changes"))
    func scope() async throws {
        try await withServedHost(self.serve { $0.rootPath = "/mount" }) { served in
            let client = try served.client()
            client.send("GET /scope%3F?a=1%202&b HTTP/1.1\r\nhost: x\r\nX-Twice: 1\r\nx-twice: 2\r\n\r\n")
            #expect(try client.readResponse().status == 404)
            client.send("GET /%73cope?a=1%202&b HTTP/1.1\r\nhost: x\r\nX-Twice: 1\r\nx-twice: 2\r\n\r\n")
            #expect(
                try client.readResponse().text == """
                    GET http 1.1 path=/mount/scope info=/scope raw=/%73cope
                    query=a=1%202&b a=1 2 root=/mount
                    x-twice=["1", "2"] missing=none
                    client=127.0.0.1 server port known
                    open=true
                    """)
        }
    }

    @Test("an error gives a response if none has started, else it cuts the response off")
    func errors() async throws {
        try await withServedHost(self.serve()) { served in
            let teapot = try served.get("/teapot")
            #expect(teapot.status == 418)
            #expect(teapot.text == "short and stout\n")
            #expect(teapot.header("x-spout") == "yes")
            #expect(try served.get("/fail").status == 500)
            #expect(!served.log.holding("GET /fail: wanted").isEmpty)
            #expect(try served.get("/nothing").status == 500)
            #expect(try served.get("/twice").text == "once")
            #expect(!served.log.holding("GET /twice: the host refused the call: invalid").isEmpty)
            #expect(throws: (any Error).self) { try served.get("/late") }
            #expect(!served.log.holding("GET /late: 418").isEmpty)
        }
    }

    @Test(
        "a body is read in parts or whole, up to a limit; forms are decoded",
        .enabled(if: !ServedHost.isHTTP2, "of HTTP/1, or of paths that nghttpx changes"))
    func bodies() async throws {
        try await withServedHost(self.serve()) { served in
            let client = try served.client()
            func post(_ path: String, _ body: String, _ type: String = "text/plain") throws -> Response {
                client.send(
                    "POST \(path) HTTP/1.1\r\nhost: x\r\ncontent-type: \(type)\r\ncontent-length: \(body.utf8.count)\r\n\r\n"
                )
                client.send(body)
                return try client.readResponse()
            }
            let large = String(repeating: "x", count: 300_000)
            #expect(try post("/count", large).text == "300000")
            #expect(try post("/echo", large).text == large)
            #expect(try post("/count", "").text == "0")
            client.send(
                "POST /echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
            #expect(try client.readResponse().text == "abcde")
            let form = "application/x-www-form-urlencoded"
            #expect(
                try post("/form", "a=1+2&b=%C3%A9&c", "Application/X-WWW-Form-URLencoded; charset=utf-8").text
                    == "a=1 2;b=é;c=")
            #expect(try post("/form", "{}", "application/json").status == 415)
            #expect(try post("/form", String(repeating: "x", count: 1001), form).status == 413)
            let chunked = try served.client()
            let chunk = "3e9\r\n\(String(repeating: "x", count: 1001))\r\n0\r\n\r\n"
            chunked.send(
                "POST /form HTTP/1.1\r\nhost: x\r\ncontent-type: \(form)\r\ntransfer-encoding: chunked\r\n\r\n\(chunk)")
            #expect(try chunked.readResponse().status == 413)
        }
    }

    @Test("a stream with back-pressure is whole; a stream ends when its client disconnects")
    func stream() async throws {
        try await withServedHost(self.serve()) { served in
            #expect(try served.get("/stream").body.count == 64 * 64 << 10)
            do {
                let client = try served.client()
                client.send("GET /stream?note HTTP/1.1\r\nhost: x\r\n\r\n")
                await served.log.wait(for: "streaming")
            }
            await served.log.wait(for: "the client has disconnected")
        }
    }

    @Test("a truncated body is never taken for a whole one, even if it is read again")
    func brokenOff() async throws {
        try await withServedHost(self.serve()) { served in
            do {
                let client = try served.client()
                client.send("POST /broken HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nabc")
                await served.log.wait(for: "reading")
            }
            await served.log.wait(for: "twice: the client has disconnected, the client has disconnected")
        }
    }

    @Test("a suspended request resumes on its loop; blocking code runs elsewhere")
    func loops() async throws {
        try await withServedHost(self.serve()) { served in
            // The module needs the threads of Swift's pool; this test must not block one of them.
            let threads = try await onThread { try served.get("/loops").text }
            #expect(threads == "yield=loop off=elsewhere back=loop resumed=loop children=loop event=loop")
        }
    }

    @Test("receive reports that the client has disconnected, and the graceful shutdown timeout")
    func ends() async throws {
        try await withServedHost(self.serve()) { served in
            do {
                let client = try served.client()
                client.send("GET /wait HTTP/1.1\r\nhost: x\r\n\r\n")
                await served.log.wait(for: "waiting")
            }
            await served.log.wait(for: "the client has disconnected")
            let client = try served.client()
            client.send("POST /wait HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n")
            await served.log.wait(for: "waiting", times: 2)
            try await served.stop()
            #expect(served.log.holding("the client has disconnected").count == 2)
            withExtendedLifetime(client) {}
        }
    }

    private func open(_ served: ServedHost, _ target: String, _ fields: [String] = []) throws -> RawClient {
        let client = try served.client()
        #expect(try client.openWebSocket(target, fields: fields).status == 101)
        return client
    }

    @Test("WebSockets have messages as a sequence, events, close codes, and errors as responses")
    func webSockets() async throws {
        try await withServedHost(self.serve()) { served in
            let client = try served.client()
            let accepted = try client.openWebSocket("/echo", fields: ["sec-websocket-protocol: a, b"])
            #expect(accepted.header("sec-websocket-protocol") == "b")
            #expect(accepted.header("x-swift") == "yes")
            for frame in [WebSocketFrame.text("hé"), .binary([0, 255]), .text("")] {
                client.send(frame)
                #expect(try client.readFrame() == frame)
            }
            client.send(.close(1000))
            #expect(try client.readFrame()?.code == 1000)

            let events = try self.open(served, "/events")
            events.send(.text("one"))
            events.send(.close(4001, "bye"))
            #expect(try events.readFrame()?.code == 4001)
            await served.log.wait(for: "events: ")
            #expect(
                served.log.holding("events: ").first?.contains(
                    #"connect | message(ASGI.WebSocketMessage.text("one")) | disconnect(code: 4001, reason: "bye") | the client"#
                        + " has disconnected") == true)

            #expect(try served.client().openWebSocket("/nothing").status == 403)
            let rejected = try served.client().openWebSocket("/reject")
            #expect(rejected.status == 401)
            #expect(rejected.text == "who are you?")
            #expect(try served.client().openWebSocket("/throw").status == 404)
            #expect(served.log.holding("debug WebSocket /throw: ", "no such room").count == 1)
            #expect(try served.client().openWebSocket("/busy").status == 503)
            #expect(served.log.holding("error WebSocket /busy: ", "too many rooms").count == 1)
            #expect(try self.open(served, "/fail").readFrame()?.code == 1011)
            #expect(served.log.holding("WebSocket /fail: wanted").count == 1)
        }
    }

    @Test("groups deliver messages, and timers end with their task")
    func groupsAndTimers() async throws {
        try await withServedHost(self.serve()) { served in
            let members = try (0..<3).map { _ in try self.open(served, "/room") }
            for member in members { #expect(try member.readFrame() == .text("joined")) }
            members[0].send(.text("others"))
            members[0].send(.binary([1]))
            #expect(try members[0].readFrame() == .binary([1]))
            for member in members[1...] {
                #expect(try member.readFrame() == .text("others"))
                #expect(try member.readFrame() == .binary([1]))
            }
            let clock = try self.open(served, "/clock")
            for text in ["tick 1", "tick 2", "tick 3", "cancelled"] {
                #expect(try clock.readNonPingFrame() == .text(text))
            }
            #expect(try clock.readNonPingFrame() == .close(4000, "time is up"))
        }
    }

    @Test("a WebSocket can wait for the host's shutdown and close itself")
    func waitForShutdown() async throws {
        // A long timeout, so that only the module closes the WebSocket, however busy the machine is.
        try await withServedHost(self.serve { $0.server.graceTime = 60 }) { served in
            nonisolated(unsafe) let socket = try self.open(served, "/stops")
            async let goodbye = onThread {
                defer { socket.close() }
                return try socket.readNonPingFrame()
            }
            try await served.stop()
            #expect(try await goodbye == .close(4001, "come back"))
        }
    }
}
