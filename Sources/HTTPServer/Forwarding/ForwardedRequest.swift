/// The client, scheme, host and prefix of a request as trusted proxies report them: a value without I/O, whose parts are
/// borrowed from the header fields.
struct ForwardedRequest {
    /// The address of the client; nil if none is stated, or if the nearest statement is malformed.
    private(set) var client: ForwardedNode?
    private(set) var scheme: URLScheme?
    /// The host that the client has asked for, and its port.
    private(set) var host: Octets?
    /// The path prefix that the proxy has removed. Begins with a slash, and does not end with one.
    private(set) var prefix: Octets?

    /// Evaluates the fields of a request that a trusted peer has sent.
    init(_ fields: HeaderFields, _ rules: ForwardingRules, trusted: TrustedPeers) {
        switch rules.family {
        case .none: return
        case .xForwarded:
            self.follow(ListMembers("x-forwarded-for", in: fields), rules, trusted) { ForwardedNode($0) }
            self.scheme = Self.last("x-forwarded-proto", fields).flatMap(Self.scheme)
            if rules.evaluatesHost { self.host = Self.last("x-forwarded-host", fields).flatMap(Self.host) }
            if rules.evaluatesPrefix { self.prefix = Self.last("x-forwarded-prefix", fields).flatMap(Self.prefix) }
        case .forwarded:
            // The element that names the client is that of the proxy which the client is connected to.
            var stated: ForwardedElement?
            self.follow(ListMembers("forwarded", in: fields, knowsQuotes: true), rules, trusted) { text in
                guard let element = ForwardedElement(text), let node = ForwardedNode(element.node) else { return nil }
                stated = element
                return node
            }
            guard let stated else { return }
            self.scheme = Self.scheme(stated.proto)
            if rules.evaluatesHost { self.host = Self.host(stated.host) }
        }
    }

    /// Walks from the nearest proxy to the client: over trusted addresses, or over a number of proxies. Ends at a
    /// malformed member, since nothing beyond it was checked by a proxy.
    private mutating func follow(
        _ members: ListMembers, _ rules: ForwardingRules, _ trusted: TrustedPeers,
        _ node: (Octets) -> ForwardedNode?
    ) {
        var count = 0
        for member in members {
            guard let node = node(member) else { return }
            self.client = node
            count += 1
            if let hops = rules.hops {
                guard count < hops else { return }
            } else {
                guard !trusted.includesAll, trusted.contains(node.address) else { return }
            }
        }
    }

    private static func last(_ name: StaticString, _ fields: HeaderFields) -> Octets? {
        var members = ListMembers(name, in: fields)
        return members.next()
    }

    /// Some proxies state the scheme of a WebSocket's URL (Traefik).
    private static func scheme(_ text: Octets) -> URLScheme? {
        if text.equalsIgnoringCase("https") || text.equalsIgnoringCase("wss") { return .https }
        return text.equalsIgnoringCase("http") || text.equalsIgnoringCase("ws") ? .http : nil
    }

    private static func host(_ text: Octets) -> Octets? {
        text.size > 0 && RequestTarget.isAuthority(text) ? text : nil
    }

    /// A path of plain segments: it becomes a part of links, so that anything which could leave the host (`//`) or the
    /// path (`..`), or would have to be encoded, is refused.
    private static func prefix(_ text: Octets) -> Octets? {
        let bytes = text.bytes
        guard bytes.first == UInt8(ascii: "/") else { return nil }
        let end = bytes.last == UInt8(ascii: "/") ? bytes.count - 1 : bytes.count
        guard end > 0 else { return nil }
        for segment in bytes[1..<end].split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard !segment.isEmpty, segment.allSatisfy(Self.isUnreserved), !segment.allSatisfy({ $0 == 0x2e }) else {
                return nil
            }
        }
        return Octets(data: text.data, size: end)
    }

    /// RFC 3986 §2.3.
    private static func isUnreserved(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- UInt8(ascii: "a") < 26 || ASCII.isDigit(byte) || [0x2d, 0x2e, 0x5f, 0x7e].contains(byte)
    }
}
