import NIOCore
import NIOEmbedded
import Testing

@testable import HTTPRelay
@testable import HTTPServer

/// Memory of both ends of a relay after the last exchange.
@Suite("Release of a relay")
struct RelayReleaseTests {
    @Test("closed connections retain neither the loops nor the link and the clients")
    func released() throws {
        weak var front: ServerLoop?
        weak var back: ServerLoop?
        weak var route: RelayRoute?
        weak var serving: RelayServer?
        weak var client: RelayedClient?
        try {
            let pair = try RelayPair()
            (front, back, route, serving) = (pair.front, pair.back, pair.route, pair.serving)
            let connected = try pair.connect()
            client = connected
            try connected.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            try pair.runToCompletion()
            for application in pair.applications.all { pair.back.turn { application.finish() } }
            try pair.runToCompletion()
            connected.leave()
            pair.loseLink()
            pair.applications.all = []
            // The next check of deadlines finds no connection, and schedules no other.
            pair.eventLoop.advanceTime(by: .hours(1))
        }()
        #expect(front == nil && back == nil && route == nil && serving == nil && client == nil)
    }
}
