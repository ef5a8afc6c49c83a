import Foundation
import HTTPServer
import RoostSystem
import TestSupport
import Testing

@testable import Roost

/// HTTP/1.1 over sockets, in the order of RFC 9112.
@Suite("Serving HTTP/1.1")
struct ServingTests {
    let folder: TemporaryFolder
    let library: String

    init() throws {
        self.folder = try TemporaryFolder()
        self.library = try Fixture.compile(file: Repository.fixture("Calls.c"), named: "calls", in: self.folder)
    }

    private func serve(_ configure: (inout HostConfiguration) -> Void = { _ in }) async throws -> ServedHost {
        try await ServedHost(self.library, in: self.folder, configure: configure)
    }

    @Test(
        "garbage gets 400 and the connection is closed (§2.2)",
        arguments: ["asdf\r\n", "\u{16}\u{3}\u{1}\u{2}\r\n", "GET / HTTP/1.1\n"])
    func garbage(text: String) async throws {
        try await withServedHost(self.serve()) { served in
            let client = try served.client()
            client.send(text)
            let answer = try client.readToEnd()
            #expect(answer.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
            #expect(answer.contains("connection: close"))
            let lines = served.log.holding("request refused")
            #expect(lines.count == 1 && lines[0].hasSuffix("status=400"), "\(lines)")
            #expect(try served.get("/state").status == 200)
        }
    }

    @Test("a response has Server, Content-Length and Date (RFC 9110 §6.6.1, §10.2.4)")
    func fields() async throws {
        try await withServedHost(self.serve()) { served in
            let response = try served.get("/state")
            #expect(response.header("server") == "roost")
            #expect(response.header("content-length") == "2")
            #expect(response.header("connection") == nil)
            let date = try #require(response.header("date"))
            let format = DateFormatter()
            format.locale = Locale(identifier: "en_US_POSIX")
            format.timeZone = TimeZone(identifier: "GMT")
            format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
            #expect(abs(try #require(format.date(from: date)).timeIntervalSinceNow) < 60)
        }
    }

    @Test("HEAD gets the header of GET without a body (RFC 9110 §9.3.2)")
    func head() async throws {
        try await withServedHost(self.serve()) { served in
            let client = try served.client()
            client.send("HEAD /state HTTP/1.1\r\nhost: x\r\n\r\nGET /state HTTP/1.1\r\nhost: x\r\n\r\n")
            let head = try client.readResponse(isHead: true)
            #expect(head.header("content-length") == "2")
            #expect(try client.readResponse().text == "42")
        }
    }

    @Test("pipelined requests are answered in order (§9.3.2)")
    func pipelining() async throws {
        try await withServedHost(self.serve()) { served in
            let client = try served.client()
            let one = "POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: "
            client.send((0..<100).map { "\(one)\("\($0)".count)\r\n\r\n\($0)" }.joined())
            for number in 0..<100 { #expect(try client.readResponse().text == "\(number)") }
        }
    }

    @Test("a request may arrive byte by byte")
    func bytes() async throws {
        try await withServedHost(self.serve()) { served in
            let client = try served.client()
            for byte in "POST /echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n".utf8
            {
                client.send([byte])
            }
            #expect(try client.readResponse().text == "abc")
        }
    }

    @Test("an HTTP/1.0 connection is closed unless the client asks to keep it (§9.3)")
    func old() async throws {
        try await withServedHost(self.serve()) { served in
            let client = try served.client()
            client.send("GET /state HTTP/1.0\r\n\r\n")
            let text = try client.readToEnd()
            #expect(text.contains("connection: close\r\n"))
            let kept = try served.client()
            kept.send("GET /state HTTP/1.0\r\nconnection: keep-alive\r\n\r\n")
            #expect(try kept.readResponse().header("connection") == "keep-alive")
            kept.send("GET /stream?2 HTTP/1.0\r\nconnection: keep-alive\r\n\r\n")
            // Without a length the body ends with the connection.
            let stream = try kept.readResponse()
            #expect(stream.header("transfer-encoding") == nil)
            #expect(stream.body.count == 2 << 16)
        }
    }

    @Test("a request with connection: close closes the connection (§9.6)")
    func close() async throws {
        try await withServedHost(self.serve()) { served in
            let client = try served.client()
            client.send("GET /state HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            #expect(try client.readToEnd().hasSuffix("\r\n\r\n42"))
        }
    }

    @Test("an unread body is not parsed as the next request")
    func unreadBody() async throws {
        try await withServedHost(self.serve()) { served in
            let client = try served.client()
            let trap = "GET /fail HTTP/1.1\r\nhost: x\r\n\r\n"
            client.send("POST /state HTTP/1.1\r\nhost: x\r\ncontent-length: \(trap.utf8.count)\r\n\r\n\(trap)")
            client.send("POST /state HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
            client.send(
                "\(String(trap.utf8.count, radix: 16))\r\n\(trap)\r\n0\r\n\r\nGET /state HTTP/1.1\r\nhost: x\r\n\r\n")
            for _ in 0..<3 { #expect(try client.readResponse().text == "42") }
            // A body too long to be discarded closes the connection.
            let long = try served.client()
            long.send("POST /state HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n")
            long.send(String(repeating: "x", count: 100_000))
            let response = try long.readResponse()
            #expect(response.header("connection") == "close")
            #expect(response.text == "42")
            #expect(try !long.readMore())
        }
    }

    @Test("a malformed chunk gets 400 before the response has started")
    func badChunk() async throws {
        try await withServedHost(self.serve()) { served in
            let client = try served.client()
            client.send("POST /wait HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n")
            #expect(try client.readToEnd().hasPrefix("HTTP/1.1 400"))
        }
    }

    @Test("a client that half-closes still gets its response")
    func halfClose() async throws {
        try await withServedHost(self.serve()) { served in
            let client = try served.client()
            client.send("GET /state HTTP/1.1\r\nhost: x\r\n\r\n")
            client.shutdownWrite()
            #expect(try client.readToEnd().hasSuffix("42"))
        }
    }

    @Test("each timeout closes its connection")
    func times() async throws {
        try await withServedHost(
            self.serve {
                $0.server.keepAliveTime = 1
                $0.server.headTime = 1
                $0.server.bodyTime = 1
                $0.server.writeTime = 1
            }
        ) { served in
            let idle = try served.client()
            #expect(try !idle.readMore())
            let head = try served.client()
            head.send("GET / HTTP/1.1\r\nhost:")
            #expect(try head.readToEnd().hasPrefix("HTTP/1.1 408"))
            let body = try served.client()
            body.send("POST /upload-never HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n")
            #expect(try body.readResponse().text == "?")
            let waiting = try served.client()
            waiting.send("POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n")
            #expect(try waiting.readToEnd().hasPrefix("HTTP/1.1 408"))
            // A client that reads nothing: the module's send gets GONE.
            let slow = try served.client()
            slow.send("GET /stream?100000 HTTP/1.1\r\nhost: x\r\n\r\n")
            #expect(try served.notes(until: "stream-reported").contains("stream-reported=GONE"))
        }
    }

    @Test(
        "a request over a limit of the header gets the limit's status",
        arguments: [
            (414, "GET /\(String(repeating: "x", count: 200)) HTTP/1.1\r\nhost: x\r\n\r\n"),
            (431, "GET / HTTP/1.1\r\nhost: x\r\na: \(String(repeating: "x", count: 200))\r\n\r\n"),
            (431, "GET / HTTP/1.1\r\nhost: x\r\na: b\r\na: b\r\na: b\r\na: b\r\n\r\n"),
        ])
    func limits(status: Int, request: String) async throws {
        try await withServedHost(
            self.serve {
                $0.server.limits.requestLine = 100
                $0.server.limits.field = 100
                $0.server.limits.fields = 4
            }
        ) { served in
            let client = try served.client()
            client.send(request)
            #expect(try client.readToEnd().hasPrefix("HTTP/1.1 \(status) "))
        }
    }

    @Test("a stale Unix socket is replaced, one in use is not")
    func unixSocket() async throws {
        let path = "\(self.folder.path)/roost.sock"
        try await withServedHost(self.serve { $0.addresses = [.unix(path: path)] }) { served in
            let client = try RawClient(path: path)
            client.send("GET /state HTTP/1.1\r\nhost: x\r\n\r\n")
            #expect(try client.readResponse().text == "42")
            await #expect(throws: HostError.self) { try await self.serve { $0.addresses = [.unix(path: path)] } }
        }
        #expect(!FileManager.default.fileExists(atPath: path))

        let left = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        withUnsafePointer(to: &address) { address in
            _ = address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(left, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        Foundation.close(left)
        try await withServedHost(self.serve { $0.addresses = [.unix(path: path)] }) { _ in }
        try self.folder.write("file.sock", "")
        await #expect(throws: HostError.self) {
            try await self.serve { $0.addresses = [.unix(path: "\(self.folder.path)/file.sock")] }
        }
    }

    @Test("root_path precedes path, and asgi_path removes it")
    func rootPath() async throws {
        try await withServedHost(self.serve { $0.rootPath = "/api" }) { served throws in
            #expect(try served.get("/state").text == "42")
        }
    }

    @Test("a graceful shutdown closes idle connections, and others when their request is complete")
    func gracefulStop() async throws {
        try await withServedHost(self.serve { $0.server.graceTime = 60 }) { served in
            try await onThread {
                let idle = try served.client()
                idle.send("GET /state HTTP/1.1\r\nhost: x\r\n\r\n")
                #expect(try idle.readResponse().status == 200)
                let busy = try served.client()
                busy.send("POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhello")
                while !busy.text.contains("hello") { _ = try busy.readMore() }
                let stopped = DispatchSemaphore(value: 0)
                Task {
                    try await served.stop()
                    stopped.signal()
                }
                #expect(try !idle.readMore())
                busy.send("world")
                let response = try busy.readResponse()
                #expect(response.text == "helloworld")
                #expect(try !busy.readMore())
                stopped.wait()
            }
            #expect(throws: RawClient.Failure.self) { try served.client() }
        }
    }

    @Test("a request that is unfinished at the graceful shutdown timeout is cut off")
    func grace() async throws {
        try await withServedHost(self.serve()) { served in
            let client = try served.client()
            client.send("GET /wait HTTP/1.1\r\nhost: x\r\n\r\n")
            #expect(try served.notes(until: "receive").contains("PENDING"))
            try await served.stop()
            #expect(try !client.readMore())
        }
    }

    @Test("pipelined requests of a slow client wait; none is refused because of pending output")
    func slowReader() async throws {
        try await withServedHost(self.serve()) { served in
            let client = try served.client()
            let request = "HTTP/1.1\r\nhost: x\r\n\r\n"
            client.send(
                "GET /large \(request)" + String(repeating: "GET /state \(request)", count: 300)
                    + "GET /large \(request)")
            #expect(try client.readResponse().body.count == 2 << 20)
            for _ in 0..<300 { #expect(try client.readResponse().status == 200) }
            #expect(try client.readResponse().body.count == 2 << 20)
        }
    }

    @Test("a malformed body after a complete response gets no second response")
    func noSecondResponse() async throws {
        try await withServedHost(self.serve()) { served in
            let client = try served.client()
            client.send("POST /state HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
            #expect(try client.readResponse().text == "42")
            client.send("zz\r\n")
            #expect(try client.readToEnd().isEmpty)
        }
    }

    @Test("the header timeout applies to the whole header, not to each byte")
    func trickle() async throws {
        try await withServedHost(self.serve { $0.server.headTime = 1 }) { served in
            let client = try served.client()
            client.send("GET / HTTP/1.1\r\nhost: x\r\na: ")
            while try client.receivesNothing(milliseconds: 100) { client.send("x") }
            #expect(try client.readToEnd().hasPrefix("HTTP/1.1 408"))
        }
    }

    @Test("a slow client gets its whole last response, however long that takes; then the connection closes")
    func slowLastResponse() async throws {
        try await withServedHost(
            self.serve {
                $0.server.lingerTime = 1
                $0.server.writeTime = 3
            }
        ) { served in
            let client = try served.client()
            // The body is not read, so the connection lingers.
            client.send("POST /large HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n")
            var total = 0
            while total < 2 << 20 {
                total = client.received.count
                // Reads in parts with pauses, in total for longer than the linger timeout.
                guard try client.readMore(most: 128 * 1024) else { break }
                _ = try client.receivesNothing(milliseconds: 150)
            }
            #expect(try client.readResponse().body.count == 2 << 20)
        }
    }
}
