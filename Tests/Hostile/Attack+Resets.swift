import TestHarness
import TestSupport

/// Clients that are gone in the middle of it.
extension Attack {
    /// What was sent before the reset, and what was read of the answer.
    private static let states: [(name: String, sent: String, reads: Bool)] = [
        ("nothing sent", "", false),
        ("in the request line", "GET / HT", false),
        ("in a field", "GET / HTTP/1.1\r\nhost: x\r\nx-y: z", false),
        ("behind a head with a body to come", post("content-length: 100"), false),
        ("behind 100-continue", post("content-length: 100\r\nexpect: 100-continue"), true),
        ("in a body", post("content-length: 100") + "0123456789", false),
        ("in a chunk's size", post("transfer-encoding: chunked") + "12", false),
        ("in a chunk", post("transfer-encoding: chunked") + "12\r\n0123", false),
        ("in the trailers", post("transfer-encoding: chunked") + "0\r\nx: ", false),
        ("before the answer is read", get, false),
        ("in the answer", "GET /stream?64 HTTP/1.1\r\nhost: x\r\n\r\n", true),
        ("in a lent answer", "GET /1m HTTP/1.1\r\nhost: x\r\n\r\n", true),
        ("in a file", "GET /file?/proc/self/exe HTTP/1.1\r\nhost: x\r\n\r\n", true),
        ("between requests", get, true),
        ("in the next request", get + "GET /", true),
        ("in a body that is dropped", post("content-length: 60000", to: "/") + "x", true),
        ("while it lingers", post("content-length: 10000000", to: "/") + "x", true),
        ("behind a refusal", "nonsense\r\n\r\n", true),
    ]

    static let resets: [Attack] = states.map { state in
        Attack("resets: \(state.name)") { victim in
            // Open all the time, so that it counts on both sides.
            let pace = try victim.client()
            pace.send(Attack.get)
            try expect("status", try pace.readResponse().status, 200)
            let before = try victim.descriptors
            for _ in 0..<100 {
                let client = try victim.client()
                client.send(state.sent)
                if state.reads { _ = try client.readMore(most: 1000) }
                client.reset()
            }
            // What it still has to notice goes within its times.
            var open = try victim.descriptors - before
            for _ in 0..<10 where open > 0 {
                _ = try pace.isSilent(milliseconds: 1000)
                open = try victim.descriptors - before
            }
            guard open <= 0 else { throw UnexpectedResult("\(open) descriptors stay open") }
            return "100 times; the next is answered, no descriptor is left"
        }
    }
}
