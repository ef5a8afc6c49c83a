package import NIOCore

/// The client and server addresses of a connection. One instance per accepted connection; one per exchange if another
/// process holds the connection.
public final class Peer {
    /// The address of the client; empty for a Unix socket.
    public private(set) var client: Octets
    /// The server address that the client connected to, or the path of the Unix socket.
    public private(set) var server: Octets
    /// The ports of client and server; -1 for a Unix socket.
    public private(set) var clientPort: Int32
    public private(set) var serverPort: Int32
    private let isOwn: Bool
    /// The TLS side of the connection; nil without TLS.
    public package(set) var tls: TLSFacts?

    /// Creates a peer for a connection of another process, whose addresses are borrowed for each request.
    package init() {
        self.client = .empty
        self.server = .empty
        self.clientPort = -1
        self.serverPort = -1
        self.isOwn = false
    }

    /// Borrows the addresses of the next request.
    package func become(
        client: Octets, clientPort: Int32, server: Octets, serverPort: Int32, tls: TLSFacts? = nil
    ) {
        self.tls = tls
        self.client = client
        self.clientPort = clientPort
        self.server = server
        self.serverPort = serverPort
    }

    package init(client: String, clientPort: Int32, server: String, serverPort: Int32) {
        self.client = Self.octets(client)
        self.server = Self.octets(server)
        self.clientPort = clientPort
        self.serverPort = serverPort
        self.isOwn = true
    }

    deinit {
        guard self.isOwn else { return }
        self.client.data?.deallocate()
        self.server.data?.deallocate()
    }

    private static func octets(_ text: String) -> Octets {
        let utf8 = text.utf8
        guard !utf8.isEmpty else { return .empty }
        let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: utf8.count)
        _ = UnsafeMutableBufferPointer(start: copy, count: utf8.count).initialize(from: utf8)
        return Octets(copy, utf8.count)
    }
}

extension Peer {
    /// Creates a peer with the addresses that a proxy has reported.
    convenience init(_ addresses: ProxyHeader.Addresses) {
        self.init(
            client: addresses.client.text, clientPort: addresses.clientPort, server: addresses.server.text,
            serverPort: addresses.serverPort)
    }

    package convenience init(of channel: any Channel, listening address: BindAddress) {
        let remote = channel.remoteAddress
        switch address {
        case .unix(let path, _): self.init(client: "", clientPort: -1, server: path, serverPort: -1)
        case .tcp, .descriptor:
            let local = channel.localAddress
            self.init(
                // Never -1, which is the port of a Unix socket's client: that may be trusted.
                client: remote?.ipAddress ?? "", clientPort: Int32(remote?.port ?? 0),
                server: local?.ipAddress ?? "", serverPort: Int32(local?.port ?? -1)
            )
        }
    }
}
