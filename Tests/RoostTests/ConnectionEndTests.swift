import Foundation
import HTTPServer
import TestSupport
import Testing

@testable import Roost

/// Closing connections (RFC 9112 §9.6): every complete request is answered, and no response is lost to a reset.
@Suite("Closing connections")
struct ConnectionEndTests {
    let folder: TemporaryFolder

    init() throws { self.folder = try TemporaryFolder() }

    private func serve(
        _ name: String, _ configure: (inout HostConfiguration) -> Void = { _ in }
    ) async throws -> ServedHost {
        let library = try Fixture.compile(
            file: Repository.fixture("\(name).c"), named: name.lowercased(), in: self.folder)
        return try await ServedHost(library, in: self.folder, configure: configure)
    }

    private static func request(_ line: String, _ fields: String = "", _ body: String = "") -> String {
        "\(line) HTTP/1.1\r\nhost: x\r\n\(fields)\r\n\(body)"
    }

    @Test("all pipelined requests are answered from a thread after the client has half-closed")
    func pipelined() async throws {
        try await withServedHost(self.serve("Blocking")) { served in
            let client = try served.client()
            // The first is answered after the server has seen the half-close. The module reads no body of /finish.
            client.send(
                Self.request("GET /wait") + Self.request("POST /echo", "content-length: 3\r\n", "abc")
                    + Self.request("POST /finish", "transfer-encoding: chunked\r\n", "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n")
                    + Self.request("POST /finish", "content-length: 3\r\n", "abc") + Self.request("GET /finish"))
            client.shutdownWrite()
            #expect(try served.get("/open").text == "opened")
            let responses = try (0..<5).map { _ in try client.readResponse() }
            #expect(responses.map(\.text) == ["waited", "abc", "finished", "finished", "finished"])
            #expect(responses.map { $0.header("connection") } == [nil, nil, nil, nil, "close"])
            #expect(try !client.readMore() && client.received.isEmpty)
            #expect(try served.get("/close").status == 200)
        }
    }

    @Test("a request that is incomplete when the client half-closes is dropped")
    func half() async throws {
        try await withServedHost(self.serve("Blocking")) { served in
            let client = try served.client()
            client.send(Self.request("GET /wait") + "GET /finish HTTP/1.1\r\nhost:")
            client.shutdownWrite()
            #expect(try served.get("/open").text == "opened")
            #expect(try client.readResponse().text == "waited")
            #expect(try !client.readMore() && client.received.isEmpty)
            #expect(try served.get("/close").status == 200)
        }
    }

    @Test("the half-close timeout restarts with each request")
    func halfCloseTime() async throws {
        try await withServedHost(self.serve("Calls") { $0.server.halfCloseTime = 1 }) { served in
            let client = try served.client()
            client.send(Self.request("GET /state") + Self.request("GET /wait") + Self.request("GET /state"))
            client.shutdownWrite()
            #expect(try client.readResponse().text == "42")
            // The second request is never answered: the timeout closes the connection.
            #expect(try !client.readMore() && client.received.isEmpty)
        }
    }

    @Test(
        "bytes after the last request do not cost the client its response",
        arguments: ["HTTP/1.1\r\nhost: x\r\nconnection: close", "HTTP/1.0"])
    func lateBytes(version: String) async throws {
        try await withServedHost(self.serve("Calls") { $0.server.lingerTime = 86_400 }) { served in
            let client = try served.client()
            client.send("GET /large \(version)\r\n\r\n" + String(repeating: "x", count: 300_000))
            #expect(try client.readResponse().body.count == 2 << 20)
            #expect(try !client.readMore())
            // The connection still lingers: late bytes do not cause a reset.
            for _ in 0..<2 { client.send("late") }
            var error: CInt = 0
            var size = socklen_t(MemoryLayout<CInt>.size)
            #expect(getsockopt(client.descriptor, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0)
            client.close()
        }
    }

    @Test("a lingering connection ends as soon as its client closes")
    func lingering() async throws {
        try await withServedHost(
            self.serve("Calls") {
                $0.server.lingerTime = 86_400
                $0.server.connections = 1
            }
        ) { served in
            let client = try served.client()
            client.send(Self.request("GET /state", "connection: close\r\n"))
            #expect(try client.readToEnd().hasSuffix("42"))
            client.close()
            // Until then every other connection exceeds the limit. These linger too, and end in the same way.
            var status = 503
            while status == 503 {
                let next = try served.client()
                next.send(Self.request("GET /state", "connection: close\r\n"))
                status = try next.readResponse().status
            }
            #expect(status == 200)
        }
    }
}
