/// An address to listen on, how proxies are treated there, and how connections are secured.
public struct ListenAddress: Sendable, Hashable {
    public var bind: BindAddress
    public var proxies: ProxyHandling
    public var security: ListenerSecurity

    public init(
        _ bind: BindAddress, proxies: ProxyHandling = ProxyHandling(), security: ListenerSecurity = ListenerSecurity()
    ) {
        self.bind = bind
        self.proxies = proxies
        self.security = security
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

    /// The options that may follow any address, besides those of `BindAddress`.
    private static let options = [
        "proxy=required", "forwarded=none", "tls=off", "redirect=https", "redirect=https:PORT", "client-cert=none",
        "client-cert=optional", "client-cert=required",
    ]

    /// The same address, with `security.usesTLS` decided.
    public func resolved(hasCertificate: Bool) -> ListenAddress {
        var address = self
        address.security = self.security.resolved(hasCertificate: hasCertificate)
        return address
    }

    /// Parses the address of a `--bind` option or setting, as `BindAddress` does, with further options. Throws
    /// `BindAddress.Malformed`.
    public init(_ text: String, port: Int) throws {
        var (proxies, security) = (ProxyHandling(), ListenerSecurity())
        let parts = try text.split(separator: ",", omittingEmptySubsequences: false).filter { part in
            if part == "proxy=required" {
                proxies.requiresProxyHeader = true
            } else if part == "forwarded=none" {
                proxies.evaluatesForwarding = false
            } else if part == "tls=off" {
                security.usesTLS = false
            } else if part == "redirect=https" {
                security.redirects = true
            } else if part.hasPrefix("redirect=https:"), let port = Int(part.dropFirst(15)), 1...65535 ~= port {
                security.redirects = true
                security.redirectPort = port
            } else if part.hasPrefix("client-cert="),
                let clients = ListenerSecurity.ClientCertificates(rawValue: String(part.dropFirst(12)))
            {
                security.clientCertificates = clients
            } else if ["proxy=", "forwarded=", "tls=", "redirect=", "client-cert="].contains(where: part.hasPrefix) {
                throw BindAddress.Malformed(
                    description: "'\(text)': unknown '\(part)'; known: \(Self.options.joined(separator: ", "))")
            } else {
                return true
            }
            return false
        }
        guard security.clientCertificates == nil || (security.usesTLS != false && !security.redirects) else {
            throw BindAddress.Malformed(description: "'\(text)': client-cert= needs TLS; remove it")
        }
        self.bind = try BindAddress(parts.joined(separator: ","), port: port)
        self.proxies = proxies
        self.security = security
    }
}
