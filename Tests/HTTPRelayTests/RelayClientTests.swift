import NIOCore
import NIOEmbedded
import Testing

@testable import HTTPRelay
@testable import HTTPServer

/// How `RelayClient` chooses a worker for an exchange, without sockets.
@Suite("Relay client")
struct RelayClientTests {
    /// Sends a request to the front and has `relay` accept it. Returns its client and its exchange.
    private func request(of pair: RelayPair, by relay: RelayClient) throws -> (RelayedClient, any Exchange) {
        var taken: (any Exchange)?
        pair.handler = { exchange in if relay.relay(exchange, mount: 1) { taken = exchange } }
        let client = try pair.connect()
        try client.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        return (client, try #require(taken))
    }

    @Test("an exchange waits for the first worker of a group")
    func firstWorker() throws {
        let pair = try RelayPair()
        let relay = RelayClient(loop: pair.front, users: []) { _, _ in Issue.record("given up") }
        relay.use([])
        let (client, exchange) = try self.request(of: pair, by: relay)
        relay.use([])
        #expect(exchange.isOpen)
        #expect(try client.read().isEmpty)
    }

    @Test("an exchange that no worker has answered in time fails with noWorker")
    func noWorker() throws {
        let pair = try RelayPair()
        var failures: [RelayFailure] = []
        let relay = RelayClient(loop: pair.front, users: []) { exchange, failure in
            failures.append(failure)
            _ = exchange.respond(status: 503, fields: HeaderFields(start: nil, count: 0), body: ResponseBody(.empty))
        }
        let (client, exchange) = try self.request(of: pair, by: relay)
        pair.eventLoop.advanceTime(by: .milliseconds(999))
        #expect(failures == [] && exchange.isOpen)
        pair.eventLoop.advanceTime(by: .milliseconds(1))
        #expect(failures == [.noWorker])
        #expect(String(decoding: try client.read(), as: UTF8.self).hasPrefix("HTTP/1.1 503 "))
    }
}
