/// How the connections of a listener treat proxies.
public struct ProxyHandling: Sendable, Hashable {
    /// Whether each connection has to begin with a header of the PROXY protocol, sent by a trusted peer.
    public var requiresProxyHeader = false
    /// Whether the header fields of trusted peers are evaluated (`ForwardingRules`); if not, no peer is trusted.
    public var evaluatesForwarding = true

    public init() {}
}
