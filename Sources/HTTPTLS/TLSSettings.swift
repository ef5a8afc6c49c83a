public import HTTPServer

/// The certificates and the rules of a server's TLS connections. Certificates and keys are texts, which a process can
/// pass to another one.
public struct TLSSettings: Sendable, Hashable {
    /// A certificate chain and its key.
    public struct Certificate: Sendable, Hashable {
        /// In PEM, the server's own certificate first.
        public var chain: String
        /// In PEM.
        public var key: String
        /// The password of the key; nil if it is not encrypted.
        public var password: String?
        /// What error messages name it: its file.
        public var name: String

        public init(chain: String, key: String, password: String? = nil, name: String = "certificate") {
            self.chain = chain
            self.key = key
            self.password = password
            self.name = name
        }
    }

    /// The oldest version of TLS that is accepted.
    public enum Version: String, Sendable, CaseIterable {
        case tls12 = "1.2"
        case tls13 = "1.3"
    }

    /// The first is for clients that name no host, or one that no certificate has.
    public var certificates: [Certificate]
    /// The authorities of client certificates, in PEM; nil for none.
    public var clientAuthorities: String?
    /// Whether clients present certificates, unless a listener says otherwise.
    public var clientCertificates = ListenerSecurity.ClientCertificates.none
    public var minimumVersion = Version.tls12
    /// The cipher suites of TLS 1.2, by their names in OpenSSL with colons between; nil for the secure ones.
    public var ciphers: String?

    public init(_ certificates: [Certificate]) { self.certificates = certificates }
}
