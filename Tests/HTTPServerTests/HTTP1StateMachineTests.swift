import Testing

@testable import HTTPServer

/// Tests of a connection's next step after a response (RFC 9112 §9).
@Suite("HTTP/1 connections")
struct HTTP1StateMachineTests {
    private func serving(
        _ framing: RequestFraming = RequestFraming(), version: HTTPVersion = .http11
    ) -> HTTP1StateMachine {
        var machine = HTTP1StateMachine(unreadBody: 100)
        machine.headBegan()
        machine.headComplete(framing, version: version)
        return machine
    }

    @Test("persistence depends on the version and the connection field (§9.3)")
    func persistence() {
        var new = self.serving()
        #expect(new.persistence(close: false, isWhole: true, hasMore: false) == .implied)
        #expect(new.responseComplete() == .parse)
        var close = self.serving(RequestFraming(close: true))
        #expect(close.persistence(close: false, isWhole: true, hasMore: false) == .close)
        #expect(close.responseComplete() == .linger)
        var old = self.serving(version: .http10)
        #expect(old.persistence(close: false, isWhole: true, hasMore: false) == .close)
        #expect(old.responseComplete() == .linger)
        var kept = self.serving(RequestFraming(keepAlive: true), version: .http10)
        #expect(kept.persistence(close: false, isWhole: true, hasMore: false) == .keepAlive)
        var asked = self.serving()
        #expect(asked.persistence(close: true, isWhole: true, hasMore: false) == .close)
    }

    @Test("an unread body is dropped up to a limit; above it the connection closes and lingers (§9.6)")
    func unreadBody() {
        var short = self.serving(RequestFraming(contentLength: 100))
        #expect(short.persistence(close: false, isWhole: true, hasMore: false) == .implied)
        #expect(short.responseComplete() == .drain)
        short.body = .length(40)
        #expect(short.dropped(60) == .wait)
        short.body = .complete
        #expect(short.dropped(40) == .parse)

        var long = self.serving(RequestFraming(contentLength: 101))
        #expect(long.persistence(close: false, isWhole: true, hasMore: false) == .close)
        #expect(long.responseComplete() == .linger)

        var chunked = self.serving(RequestFraming(isChunked: true))
        #expect(chunked.persistence(close: false, isWhole: true, hasMore: false) == .implied)
        #expect(chunked.responseComplete() == .drain)
        #expect(chunked.dropped(101) == .linger)

        // While the response continues, the handler may still read the body.
        var streaming = self.serving(RequestFraming(contentLength: 101))
        #expect(streaming.persistence(close: false, isWhole: false, hasMore: false) == .implied)
        #expect(streaming.responseComplete() == .linger)
    }

    @Test("a connection closes after the response if the client still waits for 100 (RFC 9110 §10.1.1)")
    func awaitsContinue() {
        var machine = self.serving(RequestFraming(contentLength: 4, expectsContinue: true))
        #expect(machine.awaitsContinue)
        #expect(machine.persistence(close: false, isWhole: true, hasMore: false) == .close)
        #expect(machine.responseComplete() == .linger)
        var asked = self.serving(RequestFraming(contentLength: 4, expectsContinue: true))
        asked.continued()
        #expect(asked.persistence(close: false, isWhole: true, hasMore: false) == .implied)
    }

    @Test("a connection closes without lingering after the client's half-close (§9.6)")
    func inputEnds() {
        var idle = HTTP1StateMachine(unreadBody: 100)
        #expect(idle.inputDidEnd() == .parse)
        #expect(idle.starved() == .close)
        var serving = self.serving()
        #expect(serving.inputDidEnd() == .wait)
        #expect(serving.persistence(close: false, isWhole: true, hasMore: false) == .close)
        #expect(serving.responseComplete() == .close)
        var refused = HTTP1StateMachine(unreadBody: 100)
        #expect(refused.refused() == .linger)
        #expect(refused.inputDidEnd() == .close)
    }

    @Test("all requests from before the client's half-close are answered, then the connection closes")
    func pipelinedEnd() {
        var machine = self.serving()
        #expect(machine.inputDidEnd() == .wait)
        for _ in 0..<2 {
            #expect(machine.persistence(close: false, isWhole: true, hasMore: true) == .implied)
            #expect(machine.responseComplete() == .parse)
            machine.headBegan()
            machine.headComplete(RequestFraming(), version: .http11)
        }
        #expect(machine.persistence(close: false, isWhole: true, hasMore: false) == .close)
        #expect(machine.responseComplete() == .close)
        // An incomplete request is not answered.
        var half = self.serving()
        #expect(half.inputDidEnd() == .wait)
        #expect(half.persistence(close: false, isWhole: true, hasMore: true) == .implied)
        #expect(half.responseComplete() == .parse)
        half.headBegan()
        #expect(half.starved() == .close)
    }

    @Test("after a half-close, a complete unread body is dropped before the next request")
    func drainsAfterEnd() {
        var machine = self.serving(RequestFraming(contentLength: 50))
        #expect(machine.inputDidEnd() == .wait)
        #expect(machine.persistence(close: false, isWhole: true, hasMore: true) == .implied)
        #expect(machine.responseComplete() == .drain)
        machine.body = .length(20)
        #expect(machine.dropped(30) == .wait)
        var broken = machine
        machine.body = .complete
        #expect(machine.dropped(20) == .parse)
        #expect(broken.dropped(0) == .close)
    }

    @Test("input after the body of the current request is detected")
    func hasMore() {
        func hasMore(_ framing: RequestFraming, _ text: String) -> Bool {
            Array(text.utf8).withUnsafeBytes { self.serving(framing).hasMore(in: $0) }
        }
        #expect(hasMore(RequestFraming(), "G"))
        #expect(!hasMore(RequestFraming(), ""))
        #expect(hasMore(RequestFraming(contentLength: 3), "abcG"))
        for text in ["", "ab", "abc"] { #expect(!hasMore(RequestFraming(contentLength: 3), text)) }
        let chunked = RequestFraming(isChunked: true)
        #expect(hasMore(chunked, "1\r\na\r\n2\r\nbc\r\n0\r\nt: u\r\n\r\nG"))
        for text in ["", "1\r\n", "1\r\na\r\n0\r\n\r\n", "1\r\na\r\n0\r\nt: u\r\n", "zz\r\nG"] {
            #expect(!hasMore(chunked, text), "\(text.debugDescription)")
        }
    }

    @Test("a shutdown closes an idle connection and lets an open exchange finish")
    func stop() {
        var idle = HTTP1StateMachine(unreadBody: 100)
        #expect(idle.stop() == .close)
        var serving = self.serving()
        #expect(serving.stop() == .wait)
        #expect(serving.persistence(close: true, isWhole: true, hasMore: false) == .close)
        // Lingers, since further input of the client must not destroy the response.
        #expect(serving.responseComplete() == .linger)
        var closing = self.serving(RequestFraming(close: true))
        #expect(closing.persistence(close: true, isWhole: true, hasMore: false) == .close)
        #expect(closing.responseComplete() == .linger)
        // The client's half-close ends the lingering.
        #expect(closing.inputDidEnd() == .close)
    }

    @Test("in a shutdown, a connection that drops an unread body is closed once that is complete")
    func stopWhileDraining() {
        var machine = self.serving(RequestFraming(contentLength: 50))
        #expect(machine.persistence(close: false, isWhole: true, hasMore: false) == .implied)
        #expect(machine.responseComplete() == .drain)
        #expect(machine.stop() == .wait)
        machine.body = .complete
        #expect(machine.dropped(50) == .parse)
        #expect(machine.stop() == .close)
    }
}
