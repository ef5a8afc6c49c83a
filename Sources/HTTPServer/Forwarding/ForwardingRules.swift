/// How the header fields are evaluated in which trusted peers describe the client of a request. Those of other peers are
/// removed.
public struct ForwardingRules: Sendable, Hashable {
    /// The header fields that are evaluated. Only one family: a proxy that sets the one passes the other through as the
    /// client has sent it.
    public enum Family: String, Sendable, CaseIterable {
        /// `X-Forwarded-For`, `X-Forwarded-Proto`, and if enabled `X-Forwarded-Host` and `X-Forwarded-Prefix`.
        case xForwarded = "x-forwarded"
        /// `Forwarded` (RFC 7239).
        case forwarded
        /// None of them.
        case none
    }

    public var family = Family.xForwarded
    /// The number of proxies in front of the server, if their addresses are not known. Nil: the client is the last
    /// address that is not trusted.
    public var hops: Int?
    /// Whether the host that the proxy reports replaces that of the request.
    public var evaluatesHost = false
    /// Whether the path prefix that the proxy reports (`X-Forwarded-Prefix`) is added to the root path.
    public var evaluatesPrefix = false

    public init() {}
}
