import Testing

@testable import HTTPServer

/// Tests of the order of a WebSocket's events, its end, and its pings.
@Suite("WebSocket state machine")
struct WebSocketStateMachineTests {
    private static let bye = WebSocketClose(1000)

    private func opened() -> WebSocketStateMachine {
        var machine = WebSocketStateMachine()
        machine.accepted()
        return machine
    }

    @Test("a handshake is accepted, rejected or closed only once")
    func handshake() throws {
        var machine = WebSocketStateMachine()
        #expect(throws: SendFault.notAccepted) { try machine.maySend() }
        #expect(try machine.close(Self.bye) == .refuse)
        #expect(machine.end?.code == 1006)
        #expect(throws: SendFault.acceptTwice) { try machine.mayAccept() }

        var rejecting = WebSocketStateMachine()
        try rejecting.mayReject()
        rejecting.rejectionBegan()
        try rejecting.mayReject()
        #expect(throws: SendFault.socketRejected) { try rejecting.mayAccept() }
        #expect(throws: SendFault.socketRejected) { try rejecting.maySend() }
        #expect(throws: SendFault.socketRejected) { try rejecting.close(Self.bye) }

        let open = self.opened()
        #expect(throws: SendFault.acceptTwice) { try open.mayAccept() }
        #expect(throws: SendFault.rejectTooLate) { try open.mayReject() }
        #expect(try open.maySend() == true)
    }

    @Test("the application's close code is reported if the application closes first")
    func ourClose() throws {
        var machine = self.opened()
        #expect(try machine.close(WebSocketClose(4000)) == .sendClose)
        #expect(machine.isClosing)
        #expect(try machine.close(Self.bye) == .nothing)
        #expect(try !machine.maySend())
        #expect(machine.received(Self.bye) == .finish)
        #expect(machine.end?.code == 4000)
    }

    @Test("the client's close code is reported if the client closes first")
    func theirClose() throws {
        var machine = self.opened()
        #expect(machine.received(WebSocketClose(1001)) == .sendLastClose)
        #expect(try machine.close(Self.bye) == .nothing)
        machine.lost()
        #expect(machine.end?.code == 1001)
    }

    @Test("a failed or lost WebSocket reports its first close code")
    func otherEnds() throws {
        var failed = self.opened()
        #expect(failed.failed(WebSocketClose(1007)) == .sendLastClose)
        #expect(failed.end?.code == 1007)
        var silent = self.opened()
        #expect(silent.failed(WebSocketClose(1011), reportedAs: WebSocketClose(1006)) == .sendLastClose)
        #expect(silent.end?.code == 1006)
        var closing = self.opened()
        _ = try closing.close(Self.bye)
        #expect(closing.failed(WebSocketClose(1002)) == .finish)
        #expect(closing.end?.code == 1000)
        var lost = self.opened()
        lost.lost()
        #expect(lost.end?.code == 1006)
        #expect(try !lost.maySend())
    }

    @Test("a silent client is pinged, and counts as disconnected if it does not respond")
    func clock() {
        var clock = PingClock(interval: 20, timeout: 10, now: 0)
        #expect(clock.check(now: 19) == .wait)
        #expect(clock.check(now: 20) == .ping)
        #expect(clock.check(now: 21) == .wait)
        clock.received(now: 25)
        #expect(clock.check(now: 44) == .wait)
        #expect(clock.check(now: 45) == .ping)
        #expect(clock.check(now: 55) == .wait)
        #expect(clock.check(now: 56) == .giveUp)
        var off = PingClock(interval: 0, timeout: 10, now: 0)
        #expect(off.check(now: 1_000_000) == .wait)
    }
}
