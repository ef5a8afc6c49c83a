import TestSupport
import Testing

@testable import Roost

/// Responses of failing applications (asgiref's rules). Each failure is logged once, with the request's id.
@Suite("Failing applications")
struct FailureTests {
    let folder: TemporaryFolder
    let library: String

    init() throws {
        self.folder = try TemporaryFolder()
        self.library = try Fixture.compile(file: Repository.fixture("Calls.c"), named: "calls", in: self.folder)
    }

    @Test(
        "a failure before any byte was sent gets 500, and the connection is kept",
        arguments: [
            ("/none", "ASGI_DONE"), ("/fail", "ASGI_FAILED"), ("/only-start", "ASGI_DONE"), ("/order", "ASGI_DONE"),
            ("/split", "ASGI_DONE"),
        ]
    )
    func answered(path: String, result: String) async throws {
        try await withServedHost(ServedHost(self.library, in: self.folder)) { served in
            let client = try served.client()
            client.send("GET \(path) HTTP/1.1\r\nhost: x\r\n\r\n")
            let response = try client.readResponse()
            #expect(response.status == 500)
            #expect(response.text == "Internal Server Error")
            #expect(response.header("set-cookie") == nil)
            client.send("GET /state HTTP/1.1\r\nhost: x\r\n\r\n")
            #expect(try client.readResponse().status == 200)
            let lines = served.log.holding(
                "application failed", "outcome=no response; answered 500 result=\(result) ")
            #expect(lines.count == 1)
            #expect(lines.first?.contains("scope=") == true)
        }
    }

    @Test(
        "a failure after a part of the response was sent closes the connection without the end of the body",
        arguments: [
            ("/half", "ASGI_DONE"), ("/half-raise", "ASGI_FAILED"), ("/too-short", "ASGI_DONE"),
            ("/too-long", "ASGI_DONE"),
        ]
    )
    func aborted(path: String, result: String) async throws {
        try await withServedHost(ServedHost(self.library, in: self.folder)) { served in
            let client = try served.client()
            client.send("GET \(path) HTTP/1.1\r\nhost: x\r\n\r\n")
            let text = try client.readToEnd()
            #expect(!text.contains("0\r\n\r\n"))
            #expect(!text.contains("345"))
            let outcome = "outcome=incomplete response; connection closed result=\(result) "
            #expect(served.log.holding("application failed", outcome).count == 1)
        }
    }

    @Test("a failure after a complete response does not affect the client, and is logged")
    func afterwards() async throws {
        try await withServedHost(ServedHost(self.library, in: self.folder)) { served throws in
            #expect(try served.get("/answered-raise").text == "ok")
            let outcome = "outcome=response was complete result=ASGI_FAILED "
            #expect(served.log.holding("application failed", outcome).count == 1)
        }
    }

    @Test("a refused call is logged with its reason")
    func reasons() async throws {
        try await withServedHost(ServedHost(self.library, in: self.folder)) { served in
            _ = try served.get("/split")
            #expect(try served.notes(until: "split").contains("split=INVALID"))
            let reason = "event=http.response reason=a header value contains CR, LF, NUL"
            #expect(served.log.holding("call refused", reason).count == 1)
        }
    }
}
