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
            ("/none", "application returned without a response"),
            ("/fail", "application failed with ASGI_FAILED without a response"),
            ("/only-start", "application returned without a response"),
            ("/order", "application returned without a response"),
            ("/split", "application returned without a response"),
        ]
    )
    func answered(path: String, line: String) async throws {
        try await withServedHost(ServedHost(self.library, in: self.folder)) { served in
            let client = try served.client()
            client.send("GET \(path) HTTP/1.1\r\nhost: x\r\n\r\n")
            let response = try client.readResponse()
            #expect(response.status == 500)
            #expect(response.text == "Internal Server Error")
            #expect(response.header("set-cookie") == nil)
            client.send("GET /state HTTP/1.1\r\nhost: x\r\n\r\n")
            #expect(try client.readResponse().status == 200)
            let lines = served.log.holding(line)
            #expect(lines.count == 1)
            #expect(lines.first?.contains("scope=") == true)
        }
    }

    @Test(
        "a failure after a part of the response was sent closes the connection without the end of the body",
        arguments: [
            ("/half", "application returned before its response was complete"),
            ("/half-raise", "application failed with ASGI_FAILED before its response was complete"),
            ("/too-short", "application returned before its response was complete"),
            ("/too-long", "application returned before its response was complete"),
        ]
    )
    func aborted(path: String, line: String) async throws {
        try await withServedHost(ServedHost(self.library, in: self.folder)) { served in
            let client = try served.client()
            client.send("GET \(path) HTTP/1.1\r\nhost: x\r\n\r\n")
            let text = try client.readToEnd()
            #expect(!text.contains("0\r\n\r\n"))
            #expect(!text.contains("345"))
            #expect(served.log.holding(line).count == 1)
        }
    }

    @Test("a failure after a complete response does not affect the client, and is logged")
    func afterwards() async throws {
        try await withServedHost(ServedHost(self.library, in: self.folder)) { served throws in
            #expect(try served.get("/answered-raise").text == "ok")
            #expect(served.log.holding("application failed with ASGI_FAILED after its response").count == 1)
        }
    }

    @Test("a refused call is logged with its reason")
    func reasons() async throws {
        try await withServedHost(ServedHost(self.library, in: self.folder)) { served in
            _ = try served.get("/split")
            #expect(try served.notes(until: "split").contains("split=INVALID"))
            #expect(served.log.holding("http.response refused: the value of a header holds CR, LF, NUL").count == 1)
        }
    }
}
