import Foundation
import HTTPServer
import RoostSettings
import TestSupport
import Testing

@testable import ModuleRuntime
@testable import Roost
@testable import RoostDeployment

/// Responses that the host creates itself.
@Suite("Responses of the host")
struct HostAnswerTests {
    let folder: TemporaryFolder

    init() throws { self.folder = try TemporaryFolder() }

    /// Sends text, half-closes, and returns the only response.
    private func answer(to text: String, of served: ServedHost) throws -> Response {
        let client = try served.client()
        client.send(text)
        client.shutdownWrite()
        return try client.readResponse()
    }

    @Test("OPTIONS * is answered without calling an application (RFC 9110 §9.3.7)", arguments: ["", "/api"])
    func serverOptions(rootPath: String) async throws {
        let library = try Fixture.compile(file: Repository.fixture("Calls.c"), named: "calls", in: self.folder)
        try await withServedHost(
            ServedHost(library, in: self.folder) {
                $0.rootPath = rootPath
                $0.answersHealth = true
            }
        ) { served in
            for request in [
                "OPTIONS * HTTP/1.1\r\nhost: x\r\n\r\n", "OPTIONS * HTTP/1.1\r\nhost: elsewhere\r\n\r\n",
                "OPTIONS * HTTP/1.0\r\n\r\n", "OPTIONS http://x HTTP/1.1\r\nhost: x\r\n\r\n",
            ] {
                let response = try self.answer(to: request, of: served)
                #expect(response.status == 204, "\(request)")
                #expect(response.header("content-type") == nil && response.header("content-length") == nil)
            }
            // The body is not parsed as the next request.
            let client = try served.client()
            client.send(
                "OPTIONS * HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nabcGET /state HTTP/1.1\r\nhost: x\r\n\r\n")
            #expect(try client.readResponse().status == 204)
            #expect(try client.readResponse().text == "42")
        }
    }

    @Test(
        "503 has Retry-After if the host knows the time (RFC 9110 §10.2.3)",
        arguments: [(OwnAnswer.notStarted, "5"), (.groupUnavailable, "1"), (.quarantined, nil)]
            as [(
                OwnAnswer, String?
            )])
    func retryAfter(answer: OwnAnswer, seconds: String?) async throws {
        let answerer: DeployedApplication.Answerer = answer == .groupUnavailable ? .group("nowhere") : .standIn(answer)
        var configuration = HostConfiguration()
        configuration.addresses = [.tcp(host: "127.0.0.1", port: 0)]
        let host = Host(
            [DeployedApplication(number: 1, name: "a", mount: .root, answerer)],
            on: try Host.bind(configuration.addresses, backlog: 16), configuration: configuration)
        try await withHost(host) { host in
            try await host.start()
            guard case .tcp(_, let port, _) = host.addresses[0] else { return }
            for method in ["GET", "HEAD"] {
                let client = try RawClient(port: port)
                client.send("\(method) / HTTP/1.1\r\nhost: x\r\n\r\n")
                let response = try client.readResponse(isHead: method == "HEAD")
                #expect(response.status == 503)
                #expect(response.header("retry-after") == seconds)
            }
        }
    }

    @Test("a connection or request over its limit gets 503 with Retry-After: 1")
    func tooMany() async throws {
        let library = try Fixture.compile(file: Repository.fixture("Calls.c"), named: "calls", in: self.folder)
        try await withServedHost(
            ServedHost(library, in: self.folder) {
                $0.scopes = 1
                $0.server.connections = 2
            }
        ) { served in
            let waiting = try served.client()
            waiting.send("GET /wait HTTP/1.1\r\nhost: x\r\n\r\n")
            var response = try served.get("/state")
            while response.status == 200 { response = try served.get("/state") }
            #expect(response.status == 503 && response.header("retry-after") == "1")
            let other = try served.client()
            other.send("GET /state HTTP/1.1\r\nhost: x\r\n\r\n")
            _ = try other.readResponse()
            let third = try served.client().readResponse()
            #expect(third.status == 503 && third.text.hasPrefix("too many connections"))
            #expect(third.header("retry-after") == "1")
            waiting.reset()
        }
    }

    @Test("a 205 response has no content, whatever the application sends (RFC 9110 §15.3.6)")
    func resetContent() async throws {
        let library = try Fixture.compile(
            """
            #include <asgi.h>
            asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
            { (void)receive; if (scope->type != ASGI_HTTP) return ASGI_UNSUPPORTED;
              return asgi_respond(scope, send, asgi_equal(asgi_path(scope), "/205") ? 205 : 200, "text/plain", asgi_text("body")); }
            """, in: self.folder)
        try await withServedHost(ServedHost(library, in: self.folder)) { served in
            let client = try served.client()
            client.send("GET /205 HTTP/1.1\r\nhost: x\r\n\r\nGET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            let text = try client.readToEnd()
            #expect(text.hasPrefix("HTTP/1.1 205 Reset Content\r\n") && text.hasSuffix("\r\n\r\nbody"))
            #expect(text.contains("content-length: 0\r\n\r\nHTTP/1.1 200 OK\r\n"))
        }
    }
}
