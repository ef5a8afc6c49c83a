/// The peer that trusted proxies have reported for a request. Loop-bound; kept for further requests.
final class ProxiedPeer {
    private var memory: Peer?
    private var isSet = false

    /// Nil if none was reported.
    var reported: Peer? { self.isSet ? self.memory : nil }

    func clear() { self.isSet = false }

    /// Applies the header fields in which a trusted proxy describes the client, and removes those of any other client.
    /// `near`: the peer of the connection.
    func evaluate(
        _ head: RequestHead, _ rules: ForwardingRules, near: Peer, isTrusted: Bool, trusted: TrustedPeers
    ) {
        if isTrusted { self.apply(ForwardedRequest(head.fields, rules, trusted: trusted), to: head, near: near) }
        head.removeFields { ProxyFieldFilter.removes($0.name, isTrusted: isTrusted, family: rules.family) }
    }

    private func apply(_ forwarded: ForwardedRequest, to head: RequestHead, near: Peer) {
        if let scheme = forwarded.scheme { head.scheme = scheme }
        if let prefix = forwarded.prefix { head.prefix = prefix }
        if let host = forwarded.host { head.replaceAuthority(host) }
        guard forwarded.client != nil || forwarded.host != nil else { return }
        let server = forwarded.host.map { RequestTarget.hostAndPort($0) }
        let reported = self.memory ?? Peer()
        reported.become(
            client: forwarded.client?.text ?? near.client, clientPort: forwarded.client?.port ?? near.clientPort,
            server: server?.host ?? near.server,
            serverPort: server.map { $0.port ?? head.scheme.defaultPort } ?? near.serverPort, tls: near.tls)
        self.memory = reported
        self.isSet = true
    }
}

@available(*, unavailable)
extension ProxiedPeer: Sendable {}
