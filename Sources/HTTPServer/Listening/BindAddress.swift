/// Where a server listens.
public enum BindAddress: Sendable, Hashable {
    /// A host name or address, and a port; port 0 takes a free one.
    case tcp(host: String, port: Int)
    /// The path of a Unix socket.
    case unix(path: String)
}

extension BindAddress: CustomStringConvertible {
    /// As a person reads it: `127.0.0.1:8000`, `[::1]:8000`, `unix:/run/roost.sock`.
    public var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }

    /// As a client opens it.
    public var url: String {
        switch self {
        case .tcp: "http://\(self.description)"
        case .unix: self.description
        }
    }
}
