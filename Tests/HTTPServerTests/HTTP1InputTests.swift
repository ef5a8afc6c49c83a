import NIOCore
import Testing

@testable import HTTPServer

/// Tests of how received input is parsed and buffered.
@Suite("HTTP/1 input")
struct HTTP1InputTests {
    private func input(_ text: String, window: Int = 64) -> HTTP1Input {
        var limits = HTTP1Limits()
        limits.head = 256
        limits.field = 128
        var input = HTTP1Input(limits: limits, readWindow: window)
        var bytes = ByteBuffer(string: text)
        input.append(&bytes)
        return input
    }

    @Test("a header is consumed when it is complete, not before")
    func header() {
        let head = RequestHead()
        var input = self.input("GET / HTTP/1.1\r\nhost: x\r\n")
        #expect(input.parseHeader(into: head) == .incomplete)
        var rest = ByteBuffer(string: "\r\nGET")
        input.append(&rest)
        guard case .complete = input.parseHeader(into: head) else {
            Issue.record("the header is not complete")
            return
        }
        #expect(input.peek { String(decoding: $0, as: UTF8.self) } == "GET")
    }

    @Test("a chunked body is returned in parts, with its trailers")
    func body() throws {
        var input = self.input("3\r\nabc\r\n0\r\nchecksum: x\r\n\r\nGET")
        var framing = RequestFraming()
        framing.isChunked = true
        var body = RequestBody(framing, limits: HTTP1Limits())
        var trailers: [String] = []
        func next() throws -> HTTP1Input.Part {
            try input.nextPart(of: &body) { name, value in
                trailers.append(String(decoding: name, as: UTF8.self) + "=" + String(decoding: value, as: UTF8.self))
            }
        }
        guard case .part(let part, more: true) = try next() else {
            Issue.record("no part")
            return
        }
        #expect(String(buffer: part) == "abc")
        guard case .part(let rest, more: false) = try next() else {
            Issue.record("no end")
            return
        }
        #expect(rest.readableBytes == 0)
        #expect(trailers == ["checksum=x"])
        #expect(body.isComplete)
        #expect(input.peek { String(decoding: $0, as: UTF8.self) } == "GET")
    }

    @Test("input is read ahead up to the window, which is larger where a line has to fit")
    func window() {
        let input = self.input(String(repeating: "x", count: 100))
        #expect(!input.wantsMore(in: .exchange, isChunked: false))
        #expect(!input.wantsMore(in: .webSocket, isChunked: false))
        #expect(input.wantsMore(in: .exchange, isChunked: true))
        #expect(input.wantsMore(in: .head, isChunked: false))
        #expect(input.wantsMore(in: .lingering, isChunked: false))
        #expect(!input.wantsMore(in: .closed, isChunked: false))
        #expect(!self.input(String(repeating: "x", count: 257)).wantsMore(in: .head, isChunked: false))
    }

    @Test("memory is freed when everything was processed")
    func memory() {
        var input = self.input("abc")
        input.trim()
        #expect(input.capacity >= 3)
        input.consume { (step: (), consumed: $0.count) }
        #expect(input.isEmpty)
        input.trim()
        #expect(input.capacity == 0)
    }
}
