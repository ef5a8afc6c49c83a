import Testing

@testable import HTTPServer

/// Tests of the timeouts of a connection. Times are in seconds.
@Suite("HTTP/1 deadlines")
struct HTTP1DeadlinesTests {
    private let configuration: ServerConfiguration = {
        var configuration = ServerConfiguration()
        configuration.keepAliveTime = 75
        configuration.headTime = 60
        configuration.bodyTime = 40
        configuration.halfCloseTime = 5
        configuration.lingerTime = 2
        return configuration
    }()

    private func action(after time: Int, _ situation: HTTP1Deadlines.Situation) -> HTTP1Deadlines.Action {
        var deadlines = HTTP1Deadlines(now: 0)
        deadlines.restart(now: 100)
        return deadlines.check(situation, now: 100 + time, self.configuration)
    }

    @Test("an idle connection is closed after the keep-alive timeout, but not while a response is being written")
    func idle() {
        #expect(self.action(after: 75, .init(phase: .idle)) == .none)
        #expect(self.action(after: 76, .init(phase: .idle)) == .close)
        var deadlines = HTTP1Deadlines(now: 0)
        #expect(deadlines.check(.init(phase: .idle, isBusy: true), now: 80, self.configuration) == .none)
        // The timeout starts again at that check.
        #expect(deadlines.check(.init(phase: .idle), now: 155, self.configuration) == .none)
        #expect(deadlines.check(.init(phase: .idle), now: 156, self.configuration) == .close)
    }

    @Test("a slow request gets 408")
    func slowRequest() {
        #expect(self.action(after: 60, .init(phase: .head)) == .none)
        guard case .refuseHeader(let header) = self.action(after: 61, .init(phase: .head)) else {
            Issue.record("the header is still awaited")
            return
        }
        #expect(header.status == 408)
        #expect(self.action(after: 41, .init(phase: .exchange)) == .none)
        guard case .refuseBody(let body) = self.action(after: 41, .init(phase: .exchange, awaitsBody: true)) else {
            Issue.record("the body is still awaited")
            return
        }
        #expect(body.status == 408)
        #expect(self.action(after: 40, .init(phase: .draining(left: 1))) == .none)
        #expect(self.action(after: 41, .init(phase: .draining(left: 1))) == .abort)
    }

    @Test("a client counts as disconnected some time after its half-close")
    func halfClose() {
        #expect(self.action(after: 5, .init(phase: .exchange, inputEnded: true)) == .none)
        #expect(self.action(after: 6, .init(phase: .exchange, inputEnded: true)) == .abort)
    }

    @Test("the linger time starts after the last write")
    func linger() {
        #expect(self.action(after: 1000, .init(phase: .lingering)) == .none)
        #expect(self.action(after: 2, .init(phase: .lingering, outputEnded: true)) == .none)
        #expect(self.action(after: 3, .init(phase: .lingering, outputEnded: true)) == .abort)
    }

    @Test("a WebSocket has its own deadlines, a closed connection has none")
    func others() {
        #expect(self.action(after: 1000, .init(phase: .webSocket)) == .checkWebSocket)
        #expect(self.action(after: 1000, .init(phase: .closed)) == .none)
    }

    @Test("output is stuck if none of it is written within the timeout, or less than a slow client would take")
    func output() {
        var progress = WriteProgress()
        func isStuck(unsent: Int, now: Int) -> Bool { progress.isStuck(unsent: unsent, now: now, limit: 60) }
        progress.gave(100)
        #expect(!progress.isDrained)
        #expect(!isStuck(unsent: 100, now: 10))
        #expect(!isStuck(unsent: 100, now: 70))
        #expect(isStuck(unsent: 100, now: 71))
        #expect(!isStuck(unsent: 0, now: 72))
        #expect(progress.isDrained)
        progress.gave(1)
        #expect(!isStuck(unsent: 1, now: 500))
        #expect(!isStuck(unsent: 1, now: 560))
        // Queueing more output does not count as progress.
        progress.gave(100)
        #expect(isStuck(unsent: 101, now: 561))
    }

    @Test("a client that takes a byte now and then is cut, one that takes 240 bytes per second is not")
    func slowOutput() {
        for (rate, isCut) in [(1, true), (239, true), (240, false), (10_000, false)] {
            var progress = WriteProgress()
            progress.gave(1 << 20)
            var wasStuck = false
            for second in 0...61 {
                wasStuck = wasStuck || progress.isStuck(unsent: (1 << 20) - rate * second, now: second, limit: 60)
            }
            #expect(wasStuck == isCut, "\(rate)")
        }
    }

    @Test("an idle WebSocket frees memory once, and an unanswered close frame times out")
    func webSocket() {
        var configuration = WebSocketConfiguration()
        configuration.closeTime = 10
        var deadlines = WebSocketDeadlines(configuration, now: 0)
        deadlines.restart(now: 20)
        #expect(!deadlines.isIdle(now: 24))
        #expect(deadlines.isIdle(now: 25))
        #expect(!deadlines.isIdle(now: 26))
        #expect(!deadlines.isCloseOverdue(now: 30))
        #expect(deadlines.isCloseOverdue(now: 31))
    }
}
