import Testing

@testable import HTTPServer

/// What comes after a response (RFC 9112 §9).
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

    @Test("persistence (§9.3)")
    func persistence() {
        var new = self.serving()
        #expect(new.persistence(close: false, isWhole: true) == .implied)
        #expect(new.responseComplete() == .parse)
        var close = self.serving(RequestFraming(close: true))
        #expect(close.persistence(close: false, isWhole: true) == .close)
        #expect(close.responseComplete() == .close)
        var old = self.serving(version: .http10)
        #expect(old.persistence(close: false, isWhole: true) == .close)
        var kept = self.serving(RequestFraming(keepAlive: true), version: .http10)
        #expect(kept.persistence(close: false, isWhole: true) == .keepAlive)
        var asked = self.serving()
        #expect(asked.persistence(close: true, isWhole: true) == .close)
    }

    @Test("an unread body is dropped up to a limit, beyond it the connection closes and lingers (§9.6)")
    func unreadBody() {
        var short = self.serving(RequestFraming(contentLength: 100))
        #expect(short.persistence(close: false, isWhole: true) == .implied)
        #expect(short.responseComplete() == .drain)
        short.body = .length(40)
        #expect(short.dropped(60) == .wait)
        short.body = .complete
        #expect(short.dropped(40) == .parse)

        var long = self.serving(RequestFraming(contentLength: 101))
        #expect(long.persistence(close: false, isWhole: true) == .close)
        #expect(long.responseComplete() == .linger)

        var chunked = self.serving(RequestFraming(isChunked: true))
        #expect(chunked.persistence(close: false, isWhole: true) == .implied)
        #expect(chunked.responseComplete() == .drain)
        #expect(chunked.dropped(101) == .linger)

        // A response that goes on may still read it.
        var streaming = self.serving(RequestFraming(contentLength: 101))
        #expect(streaming.persistence(close: false, isWhole: false) == .implied)
        #expect(streaming.responseComplete() == .linger)
    }

    @Test("a client that still waits for 100 is not waited for (RFC 9110 §10.1.1)")
    func awaitsContinue() {
        var machine = self.serving(RequestFraming(contentLength: 4, expectsContinue: true))
        #expect(machine.awaitsContinue)
        #expect(machine.persistence(close: false, isWhole: true) == .close)
        #expect(machine.responseComplete() == .linger)
        var asked = self.serving(RequestFraming(contentLength: 4, expectsContinue: true))
        asked.continued()
        #expect(asked.persistence(close: false, isWhole: true) == .implied)
    }

    @Test("the end of the client's side (§9.6)")
    func inputEnds() {
        var idle = HTTP1StateMachine(unreadBody: 100)
        #expect(idle.inputDidEnd() == .parse)
        #expect(idle.starved() == .close)
        var serving = self.serving()
        #expect(serving.inputDidEnd() == .wait)
        #expect(serving.persistence(close: false, isWhole: true) == .close)
        #expect(serving.responseComplete() == .close)
        var refused = HTTP1StateMachine(unreadBody: 100)
        #expect(refused.refused() == .linger)
        #expect(refused.inputDidEnd() == .close)
    }

    @Test("a stop closes what is idle and lets the rest finish")
    func stop() {
        var idle = HTTP1StateMachine(unreadBody: 100)
        #expect(idle.stop() == .close)
        var serving = self.serving()
        #expect(serving.stop() == .wait)
        #expect(serving.persistence(close: true, isWhole: true) == .close)
        // Its client may have sent more, which must not cost it the response.
        #expect(serving.responseComplete() == .linger)
        var closing = self.serving(RequestFraming(close: true))
        #expect(closing.persistence(close: true, isWhole: true) == .close)
        #expect(closing.responseComplete() == .close)
    }

    @Test("a connection that drops an unread body is idle, and closed by a stop, when it has been")
    func stopWhileDraining() {
        var machine = self.serving(RequestFraming(contentLength: 50))
        #expect(machine.persistence(close: false, isWhole: true) == .implied)
        #expect(machine.responseComplete() == .drain)
        #expect(machine.stop() == .wait)
        machine.body = .complete
        #expect(machine.dropped(50) == .parse)
        #expect(machine.stop() == .close)
    }
}
