/// Whether the client of a connection is a trusted proxy, whose header fields are evaluated.
struct PeerTrust {
    private let proxies: ProxyHandling
    /// The number of proxies that have stated the client's address before the first request.
    private let passed: Int
    /// Determined when a request needs it.
    private var isTrusted: Bool?

    init(_ proxies: ProxyHandling, passed: Int) {
        self.proxies = proxies
        self.passed = passed
    }

    /// The rules for the connection's requests, whose `hops` are the proxies that were not passed; nil for none.
    func rules(_ configuration: ServerConfiguration) -> ForwardingRules? {
        guard var rules = configuration.forwarding else { return nil }
        rules.hops = rules.hops.map { $0 - self.passed }
        return rules
    }

    mutating func trusts(_ peer: Peer, _ configuration: ServerConfiguration) -> Bool {
        if let isTrusted { return isTrusted }
        // The client of a PROXY protocol header that has passed all proxies is not a proxy, even if its address is trusted.
        let hasPassedAll = configuration.forwarding?.hops.map { $0 <= self.passed } ?? false
        let isTrusted =
            self.proxies.evaluatesForwarding && !hasPassedAll && configuration.trustedPeers.contains(peer)
        self.isTrusted = isTrusted
        return isTrusted
    }
}
