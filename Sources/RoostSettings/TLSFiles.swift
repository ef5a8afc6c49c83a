import Glibc
package import HTTPServer
package import HTTPTLS
package import RoostSystem

/// The files of a server's certificates, and the rules for its TLS connections.
package struct TLSFiles: Sendable, Hashable {
    /// A certificate chain and its key; the key may be in the file of the certificate.
    package struct Pair: Sendable, Hashable {
        package var certificate: String
        package var key: String?
        package var password: String?
        package var passwordFile: String?

        package init(certificate: String, key: String? = nil, password: String? = nil, passwordFile: String? = nil) {
            self.certificate = certificate
            self.key = key
            self.password = password
            self.passwordFile = passwordFile
        }
    }

    package var pairs: [Pair]
    /// The file with the authorities of client certificates.
    package var authorities: String?
    package var clientCertificates = ListenerSecurity.ClientCertificates.none
    package var minimumVersion = TLSSettings.Version.tls12
    package var ciphers: String?

    package init(_ pairs: [Pair]) { self.pairs = pairs }

    /// Maximum size of a file, in bytes.
    private static let largest = 1 << 20

    package var paths: [String] {
        self.pairs.flatMap { [$0.certificate, $0.key, $0.passwordFile].compactMap { $0 } }
            + [self.authorities].compactMap { $0 }
    }

    /// Reads the files, which only trusted users may be able to change; keys must not be readable by all. Throws
    /// `HostError`.
    package func read(trust: FileTrust) throws -> TLSSettings {
        var settings = TLSSettings([])
        for pair in self.pairs {
            let isCombined = pair.key == nil || pair.key == pair.certificate
            let chain = try Self.read(pair.certificate, trust, isSecret: isCombined)
            let key = isCombined ? chain : try Self.read(pair.key ?? "", trust, isSecret: true)
            var password = pair.password
            if let file = pair.passwordFile {
                password = try Self.read(file, trust, isSecret: true).split(whereSeparator: \.isNewline).first
                    .map(String.init)
            }
            settings.certificates.append(
                TLSSettings.Certificate(chain: chain, key: key, password: password, name: pair.certificate))
        }
        settings.clientAuthorities = try self.authorities.map { try Self.read($0, trust, isSecret: false) }
        settings.clientCertificates = self.clientCertificates
        settings.minimumVersion = self.minimumVersion
        settings.ciphers = self.ciphers
        return settings
    }

    private static func read(_ path: String, _ trust: FileTrust, isSecret: Bool) throws -> String {
        do throws(TrustedText.Fault) {
            return try TrustedText.read(path, largest: Self.largest, trust: trust, isSecret: isSecret)
        } catch { throw HostError(code: .settings, message: "TLS: \(error.message(named: path))") }
    }
}
