import Testing

@testable import HTTPServer

/// Tests of when a request of a connection waits for earlier ones.
@Suite("HTTP/1 backlog")
struct HTTP1BacklogTests {
    @Test("a request waits for a slow client, or while too many exchanges are unfinished")
    func holdsBack() {
        var backlog = HTTP1Backlog()
        backlog.exchangeBegan()
        backlog.exchangeBegan()
        #expect(backlog.holdsBack(isCongested: false, most: 3) == false)
        #expect(backlog.holdsBack(isCongested: true, most: 3) == true)
        #expect(backlog.holdsBack(isCongested: false, most: 2) == true)
        #expect(backlog.isHeldBack)
        backlog.exchangeEnded()
        #expect(backlog.holdsBack(isCongested: false, most: 2) == false)
        #expect(!backlog.isHeldBack)
    }

    @Test("a request that was held back is released once")
    func release() {
        var backlog = HTTP1Backlog()
        #expect(backlog.release() == false)
        _ = backlog.holdsBack(isCongested: true, most: 1)
        #expect(backlog.release() == true)
        #expect(backlog.release() == false)
    }
}
