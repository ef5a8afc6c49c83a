import Testing

@testable import HTTPRelay
@testable import HTTPServer

/// The choice of a worker for an exchange, without sockets.
@Suite("Relay client")
struct RelayClientTests {
    @Test("an exchange waits for the first worker of a group")
    func firstWorker() throws {
        let pair = try RelayPair()
        let client = RelayClient(loop: pair.front, users: []) { _ in Issue.record("given up") }
        let exchange = InnerExchange(path: "/", authority: "x", on: pair.front) { _ in Issue.record("answered") }
        client.use([])
        let isTaken = client.relay(exchange, mount: 1)
        #expect(isTaken)
        client.use([])
        #expect(exchange.isOpen)
    }
}
