import HTTPServer

/// `rate-limit`: answers 429 to a client that sends more requests than it may (a token bucket for each address).
struct RateLimit: Middleware {
    /// Nil for that of the process.
    private let table: RateLimitTable?
    /// Tells this limit from others in the table.
    private let number: UInt64
    private let interval: UInt64
    private let burst: UInt64

    /// In ticks; below it the number of requests would be imprecise.
    private static let leastInterval: UInt64 = 10
    private static let periods: [String: UInt64] = ["s": 1, "m": 60, "h": 3600]

    init(_ options: MiddlewareOptions) throws(MiddlewareFault) {
        let text = options.text("rate") ?? ""
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let count = UInt64(parts[0]), 1...100_000 ~= count,
            let period = Self.periods[parts.count == 2 ? String(parts[1]) : "s"]
        else { throw options.fault("rate", "'\(text)' is not a number of requests; examples: 10, 100/m, 1000/h") }
        self.interval = period * RateLimitTable.ticksPerSecond / count
        self.burst = UInt64(try options.number("burst", 1...100_000) ?? Int(count))
        guard self.interval >= Self.leastInterval else { throw options.fault("rate", "'\(text)' is more than 1000/s") }
        guard self.interval * self.burst <= RateLimitTable.longestTime else {
            throw options.fault("burst", "\(self.burst) requests at \(text) take more than a year; lower one of them")
        }
        self.table = options.context.rates
        self.number = options.identity
    }

    func examine(_ request: inout MiddlewareRequest) -> MiddlewareAnswer? {
        // A client of a Unix socket has no address.
        guard request.peer.client.size > 0, let table = self.table ?? RateLimitTable.process else { return nil }
        let client = ClientNetwork.of(request.peer.client)
        switch table.count(
            client, limit: self.number, interval: self.interval, burst: self.burst, now: RateLimitTable.now)
        {
        case .allowed: return nil
        case .refused(let seconds):
            return MiddlewareAnswer(429, "Too Many Requests: try again later", [("retry-after", "\(seconds)")])
        }
    }
}

/// The addresses that one client can use: an IPv4 address, or a network of IPv6 addresses.
enum ClientNetwork {
    /// The part of an address's text that stands for the client: of IPv6 the first four groups (/64), as far as they are
    /// written out.
    static func of(_ address: Octets) -> Octets {
        var colons = 0
        for (at, byte) in address.bytes.enumerated() where byte == UInt8(ascii: ":") {
            colons += 1
            // After `::` no more groups of the network are written out.
            let isShort = at + 1 < address.size && address.bytes[at + 1] == UInt8(ascii: ":")
            if colons == 4 || (isShort && at > 0) { return Octets(data: address.data, size: at) }
        }
        return address
    }
}
