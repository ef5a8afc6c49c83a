import TestSupport
import Testing

@testable import Roost

/// Bodies in both directions, and back-pressure.
@Suite("Streams")
struct StreamTests {
    let folder: TemporaryFolder
    let library: String

    init() throws {
        self.folder = try TemporaryFolder()
        self.library = try Fixture.compile(file: Repository.fixture("Calls.c"), named: "calls", in: self.folder)
    }

    private func serve() async throws -> ServedHost { try await ServedHost(self.library, in: self.folder) }

    @Test("a response that is larger than all buffers arrives whole; send waits, and is never completed inside a call")
    func stream() async throws {
        try await withServedHost(self.serve()) { served in
            let client = try served.client()
            client.send("GET /stream?512 HTTP/1.1\r\nhost: x\r\n\r\n")
            #expect(try client.readResponse().body.count == 512 << 16)
            #expect(try served.notes() == "stream=whole waits=some\nend\n")
        }
    }

    @Test("the same from a thread that blocks in send")
    func threadStream() async throws {
        try await withServedHost(self.serve()) { served in
            let client = try served.client()
            client.send("GET /thread-stream?512 HTTP/1.1\r\nhost: x\r\n\r\n")
            #expect(try client.readResponse().body.count == 512 << 16)
            #expect(try served.notes() == "stream=DONE left=0\nend\n")
        }
    }

    @Test("a client that leaves while much is under way: the pending send is told GONE")
    func streamGone() async throws {
        try await withServedHost(self.serve()) { served in
            let client = try served.client()
            client.send("GET /stream?100000 HTTP/1.1\r\nhost: x\r\n\r\n")
            #expect(try client.readMore())
            client.close()
            #expect(try served.notes() == "stream-told=GONE\nend\n")
        }
    }

    @Test("a client that resets after an empty part leaves nothing behind that the next connection stumbles over")
    func emptyPart() async throws {
        try await withServedHost(self.serve()) { served in
            for _ in 0..<20 {
                let client = try served.client()
                client.send("GET /empty-part HTTP/1.1\r\nhost: x\r\n\r\n")
                // The empty part comes a turn behind this one. Nobody else may write before the reset: to ask would mend it.
                while !client.text.contains("part") { #expect(try client.readMore()) }
                _ = try client.isSilent(milliseconds: 1)
                client.reset()
                #expect(try served.notes().contains("empty-part="))
            }
        }
    }

    @Test("a thread that blocks in send is told GONE too")
    func threadStreamGone() async throws {
        try await withServedHost(self.serve()) { served in
            let client = try served.client()
            client.send("GET /thread-stream?100000 HTTP/1.1\r\nhost: x\r\n\r\n")
            #expect(try client.readMore())
            client.close()
            #expect(try served.notes().hasPrefix("stream=GONE"))
        }
    }

    @Test("who does not wait gets FULL at 1 MiB; release is called once for each that was taken, and not inside send")
    func flood() async throws {
        try await withServedHost(self.serve()) { served in
            let client = try served.client()
            client.send("GET /flood HTTP/1.1\r\nhost: x\r\n\r\n")
            _ = try client.readToEnd()
            #expect(try served.notes(until: "flood").contains("flood=FULL taken=16 released-inside=0"))
            var released = ""
            while released != "16" { released = try served.get("/released").text }
        }
    }

    @Test("a request's body streams in while the response streams out", arguments: [true, false])
    func echo(chunked: Bool) async throws {
        try await withServedHost(self.serve()) { served in
            let client = try served.client()
            let part = String(repeating: "0123456789abcdef", count: 1000)
            if chunked {
                client.send("POST /echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
                for _ in 0..<10 { client.send("\(String(part.count, radix: 16))\r\n\(part)\r\n") }
                client.send("0\r\n\r\n")
            } else {
                client.send("POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: \(part.count * 10)\r\n\r\n")
                for _ in 0..<10 { client.send(part) }
            }
            #expect(try client.readResponse().text == String(repeating: part, count: 10))
            // The connection goes on.
            client.send("GET /state HTTP/1.1\r\nhost: x\r\n\r\n")
            #expect(try client.readResponse().status == 200)
        }
    }

    @Test(
        "a body that breaks off is a disconnect to the application, and 400 to a client that still reads",
        .disabled(if: ServedHost.isRelayed, "the host sees the end of the body before the relayed answer"))
    func brokenBody() async throws {
        try await withServedHost(self.serve()) { served in
            let client = try served.client()
            client.send("POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf")
            client.shutdownWrite()
            #expect(try client.readToEnd().contains("4\r\nhalf\r\n"))
            #expect(try served.notes() == "echo=disconnect\nend\n")
            let silent = try served.client()
            silent.send("POST /kept HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n")
            silent.shutdownWrite()
            #expect(try silent.readToEnd().hasPrefix("HTTP/1.1 400 "))
            #expect(
                served.log.holding("request refused").filter { $0.contains("reason=the body broke off status=400") }
                    .count
                    == 2)
        }
    }

    @Test("100 goes out when the body is first asked for")
    func expectContinue() async throws {
        try await withServedHost(self.serve()) { served in
            let client = try served.client()
            client.send("POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\nexpect: 100-continue\r\n\r\n")
            #expect(try client.readResponse().status == 100)
            client.send("body")
            #expect(try client.readResponse().text == "body")
            // One that never asks: no 100, and the connection closes, since nobody knows what the client will send.
            client.send("POST /state HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\nexpect: 100-continue\r\n\r\n")
            let response = try client.readResponse()
            #expect(response.status == 200)
            #expect(response.header("connection") == "close")
        }
    }
}
