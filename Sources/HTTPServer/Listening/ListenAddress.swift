/// An address to listen on, and how proxies are treated there.
public struct ListenAddress: Sendable, Hashable {
    public var bind: BindAddress
    public var proxies: ProxyHandling

    public init(_ bind: BindAddress, proxies: ProxyHandling = ProxyHandling()) {
        self.bind = bind
        self.proxies = proxies
    }

    /// A host name or address, and a port.
    public static func tcp(host: String, port: Int, onlyIPv6: Bool = false) -> ListenAddress {
        ListenAddress(.tcp(host: host, port: port, onlyIPv6: onlyIPv6))
    }

    /// The path of a Unix socket.
    public static func unix(
        path: String, access: BindAddress.UnixAccess = BindAddress.UnixAccess()
    ) -> ListenAddress { ListenAddress(.unix(path: path, access: access)) }

    /// A socket that another process has bound.
    public static func descriptor(_ descriptor: CInt) -> ListenAddress { ListenAddress(.descriptor(descriptor)) }

    /// Parses the address of a `--bind` option or setting, as `BindAddress` does. In addition, `,proxy=required` may
    /// follow any address, and `,forwarded=none`. Throws `BindAddress.Malformed`.
    public init(_ text: String, port: Int) throws {
        var proxies = ProxyHandling()
        let parts = try text.split(separator: ",", omittingEmptySubsequences: false).filter { part in
            switch part {
            case "proxy=required": proxies.requiresProxyHeader = true
            case "forwarded=none": proxies.evaluatesForwarding = false
            case _ where part.hasPrefix("proxy=") || part.hasPrefix("forwarded="):
                throw BindAddress.Malformed(
                    description: "'\(text)': unknown '\(part)'; known: proxy=required, forwarded=none")
            default: return true
            }
            return false
        }
        self.bind = try BindAddress(parts.joined(separator: ","), port: port)
        self.proxies = proxies
    }
}
