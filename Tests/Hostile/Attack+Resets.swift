import TestHarness
import TestSupport

/// Clients that reset the connection at each point of an exchange.
extension Attack {
    /// The bytes sent before the reset, and whether the client first reads a part of the response.
    private static let states: [(name: String, sent: String, reads: Bool)] = [
        ("nothing sent", "", false),
        ("in the request line", "GET / HT", false),
        ("in a header field", "GET / HTTP/1.1\r\nhost: x\r\nx-y: z", false),
        ("between the header and the body", post("content-length: 100"), false),
        ("after 100 Continue", post("content-length: 100\r\nexpect: 100-continue"), true),
        ("in a body", post("content-length: 100") + "0123456789", false),
        ("in a chunk size", post("transfer-encoding: chunked") + "12", false),
        ("in a chunk", post("transfer-encoding: chunked") + "12\r\n0123", false),
        ("in the trailers", post("transfer-encoding: chunked") + "0\r\nx: ", false),
        ("before the response is read", get, false),
        ("in the response", "GET /stream?64 HTTP/1.1\r\nhost: x\r\n\r\n", true),
        ("in a lent response body", "GET /1m HTTP/1.1\r\nhost: x\r\n\r\n", true),
        ("in a file response", "GET /file?/proc/self/exe HTTP/1.1\r\nhost: x\r\n\r\n", true),
        ("between requests", get, true),
        ("in the next request", get + "GET /", true),
        ("in a request body that the server discards", post("content-length: 60000", to: "/") + "x", true),
        ("while the server lingers", post("content-length: 10000000", to: "/") + "x", true),
        ("after a refused request", "nonsense\r\n\r\n", true),
    ]

    static let resets: [Attack] = states.map { state in
        Attack("resets: \(state.name)") { victim in
            // Stays open throughout, so it is part of both descriptor counts.
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
            // The server closes the remaining connections within its timeouts.
            var open = try victim.descriptors - before
            for _ in 0..<10 where open > 0 {
                _ = try pace.receivesNothing(milliseconds: 1000)
                open = try victim.descriptors - before
            }
            guard open <= 0 else { throw UnexpectedResult("\(open) descriptors remain open") }
            return "100 resets; no descriptor remains open"
        }
    }
}
