import HTTPServer
import HTTPTLS
import RoostSystem

/// Certificates and keys on their way to a worker, which may not be able to read their files.
extension TLSSettings: MessageCodable {
    private static let unknown = MessageFault("unknown rule for TLS")

    func encode(to writer: inout MessageWriter) {
        writer.write(self.certificates)
        writer.write(self.clientAuthorities ?? "")
        writer.write(self.clientCertificates.rawValue)
        writer.write(self.minimumVersion.rawValue)
        writer.write(self.ciphers ?? "")
    }

    init(from reader: inout MessageReader) throws(MessageFault) {
        self.init(try reader.readList())
        let authorities = try reader.read(String.self)
        self.clientAuthorities = authorities.isEmpty ? nil : authorities
        guard let clients = ListenerSecurity.ClientCertificates(rawValue: try reader.read()),
            let version = Version(rawValue: try reader.read())
        else { throw Self.unknown }
        self.clientCertificates = clients
        self.minimumVersion = version
        let ciphers = try reader.read(String.self)
        self.ciphers = ciphers.isEmpty ? nil : ciphers
    }
}

extension TLSSettings.Certificate: MessageCodable {
    func encode(to writer: inout MessageWriter) {
        for text in [self.chain, self.key, self.name] { writer.write(text) }
        // A password may be empty.
        writer.write(self.password.map { [$0] } ?? [])
    }

    init(from reader: inout MessageReader) throws(MessageFault) {
        let (chain, key, name) = (
            try reader.read(String.self), try reader.read(String.self), try reader.read(String.self)
        )
        self.init(chain: chain, key: key, password: try reader.readList(String.self).first, name: name)
    }
}
