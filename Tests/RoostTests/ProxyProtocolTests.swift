import HTTPServer
import TestSupport
import Testing

@testable import Roost

/// A listener that requires the PROXY protocol. Not in `withServedHost`, which sends requests without its header.
@Suite("PROXY protocol of a host")
struct ProxyProtocolTests {
    let folder: TemporaryFolder
    let library: String

    init() throws {
        self.folder = try TemporaryFolder()
        self.library = try Fixture.compile(file: Repository.fixture("Scope.c"), named: "scope", in: self.folder)
    }

    @Test("the addresses of the header replace those of the connection", arguments: [1, 7, 500])
    func proxyHeader(piece: Int) async throws {
        try await self.withProxiedHost { served throws in
            let client = try served.client()
            let text =
                "PROXY TCP4 192.0.2.1 192.0.2.2 4711 443\r\nGET /1 HTTP/1.1\r\nhost: x\r\n\r\n"
                + "GET /2 HTTP/1.1\r\nhost: x\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n"
            var rest = Array(text.utf8)[...]
            while !rest.isEmpty {
                client.send(Array(rest.prefix(piece)))
                rest = rest.dropFirst(piece)
            }
            for _ in 1...2 {
                let scope = try client.readResponse().text
                #expect(
                    scope.contains("client=192.0.2.1\nclient_port=4711\nserver=192.0.2.2\nserver_port=443\n"),
                    "\(scope)")
                #expect(!scope.contains("x-forwarded-for"))
            }
        }
    }

    @Test("LOCAL keeps the addresses of the connection")
    func local() async throws {
        try await self.withProxiedHost { served throws in
            let client = try served.client()
            client.send("PROXY UNKNOWN\r\nGET / HTTP/1.1\r\nhost: x\r\n\r\n")
            #expect(try client.readResponse().text.contains("client=127.0.0.1\n"))
        }
    }

    @Test(
        "a connection without a valid header, or of a peer that is not trusted, gets no response",
        arguments: [
            ("GET / HTTP/1.1\r\nhost: x\r\n\r\n", "127.0.0.1", "no PROXY protocol header"),
            ("PROXY TCP4 1 2 3 4\r\n", "127.0.0.1", "malformed PROXY protocol header"),
            ("PROXY UNKNOWN\r\nGET / HTTP/1.1\r\nhost: x\r\n\r\n", "192.0.2.1", "not a trusted proxy"),
        ])
    func refused(_ text: String, _ trusted: String, _ reason: String) async throws {
        try await self.withProxiedHost(trusting: trusted) { served throws in
            let client = try served.client()
            client.send(text)
            #expect(try client.readToEnd() == "")
            await served.log.wait(for: reason)
            #expect(served.log.holding("connection refused", reason).count == 1)
        }
    }

    @Test("a header that does not arrive ends the connection, and does not prevent a stop")
    func timeout() async throws {
        try await self.withProxiedHost { served throws in
            let client = try served.client()
            client.send("PROXY TCP4 ")
            #expect(try client.readToEnd() == "")
            await served.log.wait(for: "timeout while receiving the PROXY protocol header")
            let open = try served.client()
            open.send("PROXY ")
            try await served.stop()
            #expect(try open.readToEnd() == "")
        }
    }

    @Test("header fields after UNKNOWN are those of a client that the proxy does not know")
    func unknown() async throws {
        try await self.withProxiedHost { served throws in
            let client = try served.client()
            client.send(
                "PROXY UNKNOWN\r\nGET / HTTP/1.1\r\nhost: x\r\nx-forwarded-for: 6.6.6.6\r\n\r\n")
            let scope = try client.readResponse().text
            #expect(scope.contains("client=127.0.0.1\n") && !scope.contains("6.6.6.6"), "\(scope)")
        }
    }

    @Test(
        "the header counts as one of the proxies, if their number is known",
        arguments: [(1, "1.2.3.4"), (2, "5.6.7.8")])
    func hops(_ count: Int, _ client: String) async throws {
        try await self.withProxiedHost(trusting: "*", hops: count) { served throws in
            let connection = try served.client()
            connection.send(
                "PROXY TCP4 1.2.3.4 192.0.2.2 1 2\r\nGET / HTTP/1.1\r\nhost: x\r\n"
                    + "x-forwarded-for: 6.6.6.6, 5.6.7.8\r\n\r\n")
            #expect(try connection.readResponse().text.contains("client=\(client)\n"))
        }
    }

    @Test("a client that disconnects at once, with or without a request, leaves nothing")
    func resets() async throws {
        try await self.withProxiedHost { served throws in
            for text in ["", "PROXY ", "PROXY UNKNOWN\r\n", "PROXY UNKNOWN\r\nGET / HTTP/1.1\r\nhost: x\r\n\r\n"] {
                for _ in 1...20 {
                    let client = try served.client()
                    client.send(text)
                    client.reset()
                }
            }
            let client = try served.client()
            client.send("PROXY UNKNOWN\r\nGET / HTTP/1.1\r\nhost: x\r\n\r\n")
            #expect(try client.readResponse().status == 200)
            // Completes only when no connection is left.
            try await served.stop()
        }
    }

    private func withProxiedHost(
        trusting: String = "127.0.0.1", hops: Int? = nil, _ body: (ServedHost) async throws -> Void
    ) async throws {
        let served = try await ServedHost(self.library, in: self.folder) {
            $0.addresses[0].proxies.requiresProxyHeader = true
            $0.server.proxyHeaderTime = 1
            $0.server.forwarding?.hops = hops
            $0.server.trustedPeers = try TrustedPeers([trusting])
        }
        do { try await body(served) } catch {
            try? await served.stop()
            throw error
        }
        try await served.stop()
    }
}
