import HTTPServer
import RoostSettings

/// Options: proxies in front of the server.
extension OptionTable {
    static let proxies: [ServerOption] = [
        .flag(
            "proxy-headers", \.evaluatesForwarding, isNegatable: true,
            """
            Take the client's address and the scheme from the header fields of trusted proxies, and remove these fields from the requests of others. \
            With --no-proxy-headers all fields are left as they are.
            """),
        .parsed(
            "forwarded-allow-ips", .commaSeparated, \.host.server.trustedPeers,
            """
            Trusted proxies: addresses, networks like 10.0.0.0/8, and `unix` for the clients of Unix sockets; \
            `*` for all, with --forwarded-hops.
            """, parse: { try TrustedPeers($0) }, texts: { [$0.description] }),
        .choice(
            "forwarded-header", \.forwarding.family, among: ForwardingRules.Family.allCases,
            """
            Header fields that trusted proxies set: x-forwarded (`X-Forwarded-For` and `X-Forwarded-Proto`), \
            forwarded (RFC 7239), or none.
            """),
        .count(
            "forwarded-hops", \.forwarding.hops, 1...100, unset: "as many as have a trusted address",
            "Number of proxies in front of the server, if their addresses are not known."),
        .flag(
            "forwarded-host", \.forwarding.evaluatesHost,
            "Take the host from trusted proxies, too (`X-Forwarded-Host`, or `host` in `Forwarded`)."),
        .flag(
            "forwarded-prefix", \.forwarding.evaluatesPrefix,
            "Add the path prefix that a trusted proxy has removed (`X-Forwarded-Prefix`) to the root path."),
        .seconds(
            "timeout-proxy-header", \.host.server.proxyHeaderTime, .time,
            "Maximum time until the PROXY protocol header of a connection has arrived (--bind ADDRESS,proxy=required)."
        ),
    ]
}
