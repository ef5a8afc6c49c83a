import CASGI
import HTTPServer
import TestSupport
import Testing

@testable import Roost

/// Rare uses of the functions for views.
@Suite("Usage of views")
struct ViewUsageTests {
    let folder: TemporaryFolder
    let library: String

    init() throws {
        self.folder = try TemporaryFolder()
        self.library = try Fixture.compile(
            file: Repository.fixture("ViewUsage.c"), named: "usage", flags: ["-Wall", "-Wextra"], in: self.folder)
    }

    private func post(_ client: RawClient, _ target: String, _ body: String, _ field: String = "x: y") {
        client.send(
            "POST \(target) HTTP/1.1\r\nhost: x\r\n\(field)\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)")
    }

    @Test("a body is collected once, by one call at a time, and stays; a body that is too large is lost")
    func collecting() async throws {
        try await withServedHost(ServedHost(self.library, in: self.folder)) { served in
            let client = try served.client()
            self.post(client, "/twice", "0123456789")
            #expect(try client.readResponse().text == "\(ASGI_DONE) \(ASGI_DONE) 10")
            // Its beginning is lost.
            self.post(client, "/twice", "0123456789x")
            #expect(try client.readResponse().text == "\(ASGI_FULL) \(ASGI_FULL) 0")
            client.send("POST /busy HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n")
            // The view is collecting.
            #expect(try client.readResponse().status == 100)
            client.send("abcd")
            #expect(try client.readResponse().text == "\(ASGI_DONE) \(ASGI_BUSY) 4")
            // The view asks for the form before the body is collected, in vain.
            self.post(client, "/form", "a=1", "content-type: application/x-www-form-urlencoded")
            #expect(try client.readResponse().text == "\(ASGI_DONE) 1")
        }
    }

    @Test("a view that returns an invalid result has ended, whether its body came before or after the call")
    func odd() async throws {
        try await withServedHost(ServedHost(self.library, in: self.folder) { $0.server.unfinished = 1 }) { served in
            let client = try served.client()
            for _ in 0..<3 {
                self.post(client, "/odd", "ab")
                #expect(try client.readResponse().text == "odd")
                client.send("POST /odd HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n")
                #expect(try client.readResponse().status == 100)
                client.send("abcd")
                #expect(try client.readResponse().text == "odd")
            }
        }
    }

    @Test("an incomplete file is not sent, so the view can still respond; an empty folder name is refused")
    func files() async throws {
        try await withServedHost(ServedHost(self.library, in: self.folder)) { served throws in
            #expect(try served.get("/made-up").text == "\(ASGI_FAILED)")
            #expect(try served.get("/no-folder").text == "\(ASGI_INVALID) \(ASGI_INVALID) \(ASGI_FAILED)")
            #expect(served.log.holding("the folder is missing").count == 2)
        }
    }

    @Test("a redirect needs a target; a streamed response has the pending headers; unknown flags are refused")
    func answering() async throws {
        try await withServedHost(ServedHost(self.library, in: self.folder)) { served in
            let nowhere = try served.get("/nowhere")
            #expect((nowhere.status, nowhere.header("location")) == (500, nil))
            let streamed = try served.get("/streamed")
            #expect((streamed.header("x-own"), streamed.header("set-cookie")?.hasPrefix("a=b; ")) == ("c", true))
            #expect(try served.get("/flags").text == "\(ASGI_UNSUPPORTED)")
        }
    }

    @Test("a number from a path is reversed to a path with the same number")
    func numbers() async throws {
        try await withServedHost(ServedHost(self.library, in: self.folder)) { served throws in
            let (large, small) = (
                "1" + String(repeating: "0", count: 300), "0." + String(repeating: "0", count: 323) + "5"
            )
            for (given, written) in [
                ("0", "0"), ("0.5", "0.5"), ("00.50", "0.5"), ("0.00001", "0.00001"), ("0.000012345", "0.000012345"),
                ("10000000000000000", "10000000000000000"), ("123456789012345678", "123456789012345680"),
                (large, large),
                (small, small),
            ] {
                #expect(try served.get("/number/\(given)").text == "/number/\(written)")
                #expect(try served.get("/number/\(written)").text == "/number/\(written)")
            }
        }
    }

    @Test("a scope can be passed to the views only once")
    func again() async throws {
        try await withServedHost(ServedHost(self.library, in: self.folder)) { served throws in
            #expect(try served.get("/again").text == "\(ASGI_INVALID)")
            let reason = "call=view reason=the scope has already been passed to the views"
            #expect(served.log.holding("call refused", reason).count == 1)
        }
    }

    /// Repeats a request until the scopes of earlier requests have ended.
    private func ask(_ served: ServedHost, _ target: String) throws -> Response {
        var response = try served.get(target)
        while response.status == 503 { response = try served.get(target) }
        return response
    }

    @Test("a view on a thread may outlive its scope: its request stays valid, and the loop does not wait for it")
    func outliving() async throws {
        try await withServedHost(ServedHost(self.library, in: self.folder) { $0.scopes = 2 }) { served in
            var least = 1000
            for _ in 0..<4 {
                #expect(try self.ask(served, "/outlive").text == "first")
                let share = try #require(Int(try self.ask(served, "/outlived").text))
                // 1000: another request had its memory.
                #expect(share != 1000)
                least = min(least, share)
            }
            // The CPU time of the loop in percent: it must not poll.
            #expect(least < 50)
        }
    }
}
