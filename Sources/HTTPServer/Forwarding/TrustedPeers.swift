/// The peers whose header fields about the client are evaluated: proxies in front of the server.
public struct TrustedPeers: Sendable, Hashable, CustomStringConvertible {
    /// The addresses of this machine, and clients of Unix sockets.
    public static let local = TrustedPeers(networks: Network.loopback, includesUnix: true, isAny: false)

    private let networks: [Network]
    private let includesUnix: Bool
    private let isAny: Bool
    /// Whether every peer is trusted, or every one with an IPv4 address. No address then shows where the proxies end.
    public var includesAll: Bool { self.isAny || self.networks.contains(where: \.containsAll) }

    private init(networks: [Network], includesUnix: Bool, isAny: Bool) {
        self.networks = networks
        self.includesUnix = includesUnix
        self.isAny = isAny
    }

    /// A text that names no address, network, `unix` or `*`.
    public struct Malformed: Error, CustomStringConvertible {
        public let description: String
    }

    /// Parses addresses, networks (`10.0.0.0/8`), `unix` for the clients of Unix sockets, and `*` for every peer;
    /// commas may separate them. An empty text trusts no peer. Throws `Malformed`.
    public init(_ lists: [String]) throws {
        let texts = lists.flatMap { $0.split(separator: ",") }
            .map(\.trimmed)
        var networks: [Network] = []
        for text in texts where text != "unix" && text != "*" {
            do {
                networks.append(try Network(text))
            } catch {
                throw Malformed(
                    description: "\(error.description); write addresses, networks like 10.0.0.0/8, unix or *")
            }
        }
        self.init(
            networks: networks, includesUnix: texts.contains("unix") || texts.contains("*"),
            isAny: texts.contains("*"))
    }

    /// The form that `init` accepts.
    public var description: String {
        if self.isAny { return "*" }
        return (self.networks.map(\.description) + (self.includesUnix ? ["unix"] : [])).joined(separator: ",")
    }

    func contains(_ address: IPAddress) -> Bool {
        self.isAny || self.networks.contains { $0.contains(address) }
    }

    /// Whether the client of a connection is trusted.
    func contains(_ peer: Peer) -> Bool {
        guard peer.clientPort >= 0 else { return self.includesUnix }
        return IPAddress(peer.client).map { self.contains($0) } ?? false
    }
}
