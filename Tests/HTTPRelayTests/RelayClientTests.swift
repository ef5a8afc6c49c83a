import NIOCore
import NIOEmbedded
import Testing

@testable import HTTPRelay
@testable import HTTPServer

/// The choice of a worker for an exchange, without sockets.
@Suite("Relay client")
struct RelayClientTests {
    @Test("an exchange waits for the first worker of a group")
    func firstWorker() throws {
        let pair = try RelayPair()
        let client = RelayClient(loop: pair.front, users: []) { _, _ in Issue.record("given up") }
        let exchange = InnerExchange(path: "/", authority: "x", on: pair.front) { _ in Issue.record("answered") }
        client.use([])
        let isTaken = client.relay(exchange, mount: 1)
        #expect(isTaken)
        client.use([])
        #expect(exchange.isOpen)
    }

    @Test("an exchange that waited in vain is answered: there is no worker, none was lost")
    func noWorker() throws {
        let pair = try RelayPair()
        var failures: [RelayFailure] = []
        let client = RelayClient(loop: pair.front, users: []) { exchange, failure in
            failures.append(failure)
            _ = exchange.respond(status: 503, fields: HeaderFields(start: nil, count: 0), body: ResponseBody(.empty))
        }
        var answers: [Int?] = []
        let exchange = InnerExchange(path: "/", authority: "x", on: pair.front) { answers.append($0) }
        let isTaken = client.relay(exchange, mount: 1)
        #expect(isTaken)
        pair.eventLoop.advanceTime(by: .milliseconds(999))
        #expect(failures == [] && exchange.isOpen)
        pair.eventLoop.advanceTime(by: .milliseconds(1))
        #expect(failures == [.noWorker])
        #expect(answers == [503])
    }
}
