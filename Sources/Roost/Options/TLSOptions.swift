package import HTTPServer
package import HTTPTLS
package import RoostSettings
import RoostSystem

/// The options of TLS.
package struct TLSOptions: Sendable {
    package var certificate: String?
    package var key: String?
    package var password: String?
    package var authorities: String?
    package var clientCertificates = ListenerSecurity.ClientCertificates.none
    package var minimumVersion = TLSSettings.Version.tls12
    package var ciphers: String?
    /// Whether the server makes a certificate for localhost.
    package var isSelfSigned = false
    /// The folder into which an ACME client writes its answers.
    package var webroot: String?

    /// The value of the header field `alt-svc` (RFC 7838).
    package var alternativeService: String?

    /// Where certificate authorities ask for them (RFC 8555 §8.3).
    static let challengePath = "/.well-known/acme-challenge"

    package init() {}

    /// The files of the certificates: that of the options first, then `others`; nil if there are none.
    package func files(adding others: [TLSFiles.Pair]) -> TLSFiles? {
        let own = self.certificate.map { certificate in
            TLSFiles.Pair(
                certificate: WorkingFolder.absolute(certificate),
                key: self.key.map { WorkingFolder.absolute($0) }, password: self.password)
        }
        let pairs = [own].compactMap { $0 } + others
        guard !pairs.isEmpty else { return nil }
        return self.files(of: pairs)
    }

    /// The rules of the options, with these certificates.
    package func files(of pairs: [TLSFiles.Pair]) -> TLSFiles {
        var files = TLSFiles(pairs)
        files.authorities = self.authorities.map { WorkingFolder.absolute($0) }
        files.clientCertificates = self.clientCertificates
        files.minimumVersion = self.minimumVersion
        files.ciphers = self.ciphers
        return files
    }

    /// The mount of the answers for certificate authorities; nil without --acme-webroot.
    var challengeFolder: StaticEntry? {
        guard let webroot else { return nil }
        // The path is valid, so that this does not fail.
        return try? StaticEntry("\(Self.challengePath)=\(WorkingFolder.absolute(webroot))\(Self.challengePath)")
    }

    /// Checks options that depend on each other. Throws `OptionError`.
    func check(_ naming: OptionFault.Naming) throws(OptionError) {
        guard self.certificate != nil || self.key == nil else {
            throw OptionError(
                "\(naming.name("ssl-keyfile")) needs \(naming.name("ssl-certfile")), the certificate of the key",
                "ssl-keyfile", "ssl-certfile")
        }
        guard self.clientCertificates == .none || self.authorities != nil else {
            throw OptionError(
                "\(naming.name("ssl-cert-reqs")) \(self.clientCertificates.rawValue) needs \(naming.name("ssl-ca-certs")), the authorities that sign the"
                    + " certificates of clients", "ssl-cert-reqs", "ssl-ca-certs")
        }
        guard !self.isSelfSigned || self.certificate == nil else {
            throw OptionError(
                "\(naming.name("tls-self-signed")) and \(naming.name("ssl-certfile")) exclude each other; remove one of them",
                "tls-self-signed", "ssl-certfile")
        }
    }
}
