import Testing

@testable import HTTPServer

/// Which worker an exchange goes to, as far as that needs no sockets.
@Suite("Relay client")
struct RelayClientTests {
    @Test("before there has been a worker an exchange waits: the first may be about to start")
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
