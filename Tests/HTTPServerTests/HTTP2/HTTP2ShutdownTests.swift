import Testing

@testable import HTTPServer

@Suite("The end of an HTTP/2 connection (RFC 9113 §6.8)")
struct HTTP2ShutdownTests {
    @Test("the end is announced once, and requests are refused once the client has confirmed that")
    func confirmed() {
        var shutdown = HTTP2Shutdown()
        let early = [shutdown.confirm(), shutdown.confirmIfOverdue(now: 100)]
        #expect(early == [false, false])
        let announced = [shutdown.announce(now: 7), shutdown.announce(now: 8)]
        #expect(announced == [true, false] && !shutdown.isRefusing)
        let confirmed = [shutdown.confirm(), shutdown.confirm(), shutdown.announce(now: 9)]
        #expect(confirmed == [true, false, false] && shutdown.isRefusing)
    }

    @Test("a client that does not confirm the announcement counts as having read it after more than one tick")
    func overdue() {
        var shutdown = HTTP2Shutdown()
        _ = shutdown.announce(now: 7)
        let steps = (8...10).map { shutdown.confirmIfOverdue(now: $0) }
        #expect(steps == [false, true, false] && shutdown.isRefusing)
    }

    @Test("a closing connection takes no further step")
    func closing() {
        var shutdown = HTTP2Shutdown()
        let steps = [shutdown.close(), shutdown.close(), shutdown.announce(now: 1), shutdown.confirm()]
        #expect(steps == [true, false, false, false] && shutdown.isClosing && !shutdown.isRefusing)
    }
}
