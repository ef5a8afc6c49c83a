import Foundation
import HTTPServer
import RoostSystem
import TestSupport
import Testing

@testable import Roost

/// Requests that the server itself refuses: the response to the client, and the log.
@Suite("Refused requests")
struct RefusalTests {
    let folder: TemporaryFolder
    let library: String

    init() throws {
        self.folder = try TemporaryFolder()
        self.library = try Fixture.compile(file: Repository.fixture("Calls.c"), named: "calls", in: self.folder)
    }

    private func serve(_ configure: (inout HostConfiguration) -> Void = { _ in }) async throws -> ServedHost {
        try await ServedHost(self.library, in: self.folder) {
            $0.server.limits.body = 10
            $0.server.limits.field = 100
            configure(&$0)
        }
    }

    /// Sends text, and returns what the server sends until it closes the connection.
    private func answer(to text: String, of served: ServedHost) throws -> String {
        let client = try served.client()
        client.send(text)
        return try client.readToEnd()
    }

    @Test("a refused HEAD gets no body, whatever the status (RFC 9110 §9.3.2); other methods get one")
    func head() async throws {
        try await withServedHost(self.serve()) { served in
            for (line, fields, status) in [
                (" / HTTP/1.1", "host: x\r\na : b\r\n", 400), (" / HTTP/1.1", "", 400),
                (" /a b HTTP/1.1", "host: x\r\n", 400),
                (" /%zz HTTP/1.1", "host: x\r\n", 400), (" / HTTP/3.0", "host: x\r\n", 505), ("", "", 400),
                (" / HTTP/1.1", "host: x\r\ncontent-length: 11\r\n", 413),
                (" / HTTP/1.1", "host: x\r\nexpect: y\r\n", 417),
                (" / HTTP/1.1", "host: x\r\ntransfer-encoding: gzip, chunked\r\n", 501),
                (" / HTTP/1.1", "host: x\r\na: \(String(repeating: "x", count: 100))\r\n", 431),
                // Refused when the body arrives, after the application was called.
                (" /wait HTTP/1.1", "host: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", 400),
            ] {
                for method in ["HEAD", "head", "GET"] where !line.isEmpty || method != "GET" {
                    let text = try self.answer(to: "\(method)\(line)\r\n\(fields)\r\n", of: served)
                    #expect(text.hasPrefix("HTTP/1.1 \(status) "), "\(method)\(line) \(fields): \(text)")
                    #expect(text.contains("connection: close\r\n"))
                    // The method of an incomplete request line is not known.
                    let isHead = method == "HEAD" && !line.isEmpty
                    #expect(text.hasSuffix("\r\n\r\n") == isHead, "\(method)\(line) \(fields): \(text)")
                    #expect(!text.contains("content-length: 0\r\n"))
                }
            }
        }
    }

    @Test("a HEAD whose header does not arrive in time gets 408 without a body")
    func lateHead() async throws {
        try await withServedHost(self.serve { $0.server.headTime = 1 }) { served in
            let text = try self.answer(to: "HEAD / HTTP/1.1\r\nhost:", of: served)
            #expect(text.hasPrefix("HTTP/1.1 408 ") && text.hasSuffix("\r\n\r\n"))
        }
    }

    @Test("head in lower case is another method than HEAD, so its response has a body (RFC 9110 §9.1)")
    func lowerCase() async throws {
        try await withServedHost(self.serve()) { served in
            let client = try served.client()
            client.send("head /state HTTP/1.1\r\nhost: x\r\n\r\nGET /state HTTP/1.1\r\nhost: x\r\n\r\n")
            for _ in 0..<2 { #expect(try client.readResponse().text == "42") }
        }
    }

    @Test("a WebSocket of another version gets 426 with the supported one (RFC 9110 §7.8, RFC 6455 §4.4)")
    func upgradeRequired() async throws {
        try await withServedHost(self.serve()) { served in
            let text = try self.answer(
                to: "GET / HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n", of: served)
            #expect(text.hasPrefix("HTTP/1.1 426 "))
            for line in ["upgrade: websocket", "sec-websocket-version: 13", "connection: upgrade, close"] {
                #expect(text.contains("\r\n\(line)\r\n"), "\(text)")
            }
        }
    }

    @Test("a TLS client on a plain port gets 400 at once, and the log names the reason")
    func tls() async throws {
        try await withServedHost(self.serve()) { served in
            let client = try served.client()
            // The start of a ClientHello, which contains no line end.
            client.send([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03])
            #expect(try client.readToEnd().hasPrefix("HTTP/1.1 400 "))
            #expect(
                served.log.holding("request refused").first?.contains("reason=TLS handshake on a plain HTTP port")
                    == true
            )
        }
    }

    /// Through a relay the log begins with the requests by which the two hosts connect.
    @Test(
        "every refused request has a line in the access log, with its known fields",
        .disabled(if: ServedHost.isRelayed, "the other host writes the access log"))
    func accessLog() async throws {
        let pipe = Pipe()
        try await withServedHost(
            self.serve {
                $0.access = LineWriter(descriptor: pipe.fileHandleForWriting.fileDescriptor)
                $0.server.headTime = 1
                $0.server.connections = 1
            }
        ) { served in
            let cases = [
                ("GET /a?b HTTP/1.1\r\na : b\r\n", "GET /a?b 400 "), ("G(T /a HTTP/1.1\r\n", "- - 400 "),
                ("\r\n\r\n", "- - 400 "),
                ("GET /\u{1b}[31m HTTP/1.1\r\n", "GET - 400 "), ("\u{16}\u{3}\u{1}", "- - 400 "),
                ("GET /v HTTP/2.0\r\n\r\n", "GET /v 505 "), ("HEAD /c HTTP/1.1\r\nhost:", "HEAD /c 408 0 "),
                ("POST /d HTTP/1.1\r\nhost: x\r\ncontent-length: 11\r\n\r\n", "POST /d 413 "),
                ("GET /e HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n", "GET /e 426 "),
            ]
            var text = ""
            /// Sends a request on a new connection, and again after 503: the previous connection may still be open.
            func send(_ request: String, until: (RawClient) throws -> Bool) throws -> RawClient {
                while true {
                    let client = try served.client()
                    client.send(request)
                    if try until(client), !client.text.hasPrefix("HTTP/1.1 503 ") { return client }
                }
            }
            func lines(tooMany: Bool) -> [Substring] {
                text.split(separator: "\n").filter { $0.contains(" - - 503 ") == tooMany }
            }
            func read() { text += String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self) }
            for (number, (request, line)) in cases.enumerated() {
                try send(request) { !(try $0.readToEnd().isEmpty) }.close()
                while lines(tooMany: false).count <= number { read() }
                let found = lines(tooMany: false)[number]
                let fields = found.split(separator: " ", omittingEmptySubsequences: false)
                #expect(fields.count == 7 && fields.dropFirst().joined(separator: " ").hasPrefix(line), "\(found)")
            }
            // A connection over the limit.
            let first = try send("GET /state HTTP/1.1\r\nhost: x\r\n\r\n") { try $0.readMore() }
            while lines(tooMany: false).count <= cases.count { read() }
            let before = lines(tooMany: true).count
            #expect(try served.client().readResponse().status == 503)
            while lines(tooMany: true).count <= before { read() }
            first.close()
        }
    }
}
