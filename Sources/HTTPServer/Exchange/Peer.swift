import NIOCore

/// The two ends of a connection, as its scopes name them. One a connection, made when it is accepted.
public final class Peer {
    /// The address of the client; empty for a Unix socket.
    public let client: Octets
    /// The address that the client reached, or the path of the Unix socket.
    public let server: Octets
    /// -1 where there is none.
    public let clientPort: Int32
    public let serverPort: Int32

    init(client: String, clientPort: Int32, server: String, serverPort: Int32) {
        self.client = Self.octets(client)
        self.server = Self.octets(server)
        self.clientPort = clientPort
        self.serverPort = serverPort
    }

    deinit {
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
    convenience init(of channel: any Channel, listening address: BindAddress) {
        let remote = channel.remoteAddress
        switch address {
        case .unix(let path, _): self.init(client: "", clientPort: -1, server: path, serverPort: -1)
        case .tcp, .descriptor:
            let local = channel.localAddress
            self.init(
                client: remote?.ipAddress ?? "", clientPort: Int32(remote?.port ?? -1),
                server: local?.ipAddress ?? "", serverPort: Int32(local?.port ?? -1)
            )
        }
    }
}
