import Glibc
import HTTPServer
import Testing

@testable import Middleware

@Suite("Rate limits")
struct RateLimitTests {
    private func client(_ text: String, _ body: (Octets) throws -> Void) rethrows {
        try Array(text.utf8).withUnsafeBytes { try body(Octets($0)) }
    }

    @Test("a client may send a burst, and then at the rate")
    func bucket() throws {
        let table = try #require(RateLimitTable())
        try self.client("192.0.2.1") { client in
            func count(_ now: UInt64) -> RateLimitTable.Outcome {
                // Two requests a second.
                table.count(client, limit: 1, interval: 5000, burst: 3, now: 1_000_000 + now)
            }
            #expect((0..<4).map { _ in count(0) } == [.allowed, .allowed, .allowed, .refused(1)])
            #expect(count(4999) == .refused(1))
            #expect(count(5000) == .allowed)
            #expect(count(5000) == .refused(1))
            // After a pause the whole burst again.
            #expect((0..<4).map { _ in count(100_000) } == [.allowed, .allowed, .allowed, .refused(1)])
        }
    }

    @Test("clients and limits do not share a bucket; another process with the same memory does")
    func separate() throws {
        let table = try #require(RateLimitTable())
        let other = try #require(RateLimitTable(descriptor: dup(table.descriptor)))
        self.client("192.0.2.1") { one in
            self.client("192.0.2.2") { two in
                func count(_ table: RateLimitTable, _ client: Octets, _ limit: UInt64) -> RateLimitTable.Outcome {
                    table.count(client, limit: limit, interval: 10_000, burst: 1, now: 5)
                }
                #expect(count(table, one, 1) == .allowed)
                #expect(count(other, one, 1) == .refused(1))
                #expect(count(table, two, 1) == .allowed && count(table, one, 2) == .allowed)
            }
        }
    }

    @Test("more clients than places: each gets at least what it may, and the memory stays the same")
    func full() throws {
        let table = try #require(RateLimitTable())
        var allowed = 0
        for number in 0..<200_000 {
            self.client("client \(number)") {
                if table.count($0, limit: 1, interval: 10_000, burst: 1, now: 1) == .allowed { allowed += 1 }
            }
        }
        // Equal tags in one line are rare.
        #expect(allowed > 199_900)
    }

    @Test(
        "an IPv6 client is its network of 64 bits",
        arguments: [
            ("192.0.2.1", "192.0.2.1"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2"), ("2001:db8:1:2::1", "2001:db8:1:2"),
            ("2001:db8::1", "2001:db8"), ("::1", "::1"), ("::ffff:1.2.3.4", "::ffff:1.2.3.4"),
        ])
    func network(_ address: String, _ network: String) {
        self.client(address) { #expect(ClientNetwork.of($0).text == network) }
    }
}
