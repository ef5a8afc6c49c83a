/// The TLS side of a connection: ASGI's extension `tls`. Constant once made.
public final class TLSFacts {
    /// The version of TLS as its number in the protocol: 0x0303 for TLS 1.2, 0x0304 for TLS 1.3.
    public let version: UInt32
    /// The number of the cipher suite in IANA's registry; 0 if unknown.
    public let cipherSuite: UInt32
    /// The certificate of the server in PEM.
    public let serverCertificate: Octets
    /// The certificates of the client in PEM, its own first; empty if it has sent none.
    public let clientChain: UnsafeBufferPointer<Octets>
    /// The name of the client (RFC 4514); empty if it has sent no certificate.
    public let clientName: Octets
    /// Owns the bytes of the server's certificate.
    private let server: CertificateText?
    /// Whether the other bytes belong to this object.
    private let isOwner: Bool

    package init(
        version: UInt32, cipherSuite: UInt32, server: CertificateText, clientChain: [String], clientName: String
    ) {
        self.version = version
        self.cipherSuite = cipherSuite
        self.server = server
        self.serverCertificate = server.octets
        self.clientName = .lasting(clientName)
        self.clientChain = Self.list(clientChain.map(Octets.lasting))
        self.isOwner = true
    }

    /// Borrows all bytes.
    package init(
        version: UInt32, cipherSuite: UInt32, borrowing serverCertificate: Octets, clientChain: [Octets],
        clientName: Octets
    ) {
        self.version = version
        self.cipherSuite = cipherSuite
        self.server = nil
        self.serverCertificate = serverCertificate
        self.clientName = clientName
        self.clientChain = Self.list(clientChain)
        self.isOwner = false
    }

    deinit {
        if self.isOwner {
            for certificate in self.clientChain { certificate.data?.deallocate() }
            self.clientName.data?.deallocate()
        }
        self.clientChain.deallocate()
    }

    private static func list(_ octets: [Octets]) -> UnsafeBufferPointer<Octets> {
        let list = UnsafeMutableBufferPointer<Octets>.allocate(capacity: octets.count)
        _ = list.initialize(from: octets)
        return UnsafeBufferPointer(list)
    }
}

@available(*, unavailable)
extension TLSFacts: Sendable {}
