/// How the connections of a listener are secured.
public struct ListenerSecurity: Sendable, Hashable {
    /// Whether clients present certificates.
    public enum ClientCertificates: String, Sendable, CaseIterable {
        /// They are not asked for one.
        case none
        /// They are asked for one. If they present it, it must be valid.
        case optional
        /// Those without a valid one are refused in the handshake.
        case required
    }

    /// Whether connections use TLS; nil: if the server has a certificate.
    public var usesTLS: Bool?
    /// Nil: as for the other listeners.
    public var clientCertificates: ClientCertificates?
    /// Whether every request is redirected to the same URL with `https`.
    public var redirects = false
    /// The port of the URLs to which requests are redirected; nil for that of the first address with TLS.
    public var redirectPort: Int?

    public init() {}

    /// With `usesTLS` decided.
    public func resolved(hasCertificate: Bool) -> ListenerSecurity {
        var security = self
        security.usesTLS = self.usesTLS ?? (hasCertificate && !self.redirects)
        return security
    }
}
