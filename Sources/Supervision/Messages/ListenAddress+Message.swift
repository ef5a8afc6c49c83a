import HTTPServer
import RoostSystem

/// The address of a bound socket, and how proxies are treated there. Only what a worker needs is sent.
extension ListenAddress: MessageCodable {
    private enum Kind: UInt8, MessageKind {
        case tcp, unix

        static let unknown = MessageFault("unknown kind of listener")
    }

    func encode(to writer: inout MessageWriter) {
        switch self.bind {
        case .tcp(let host, let port, _):
            writer.write(Kind.tcp)
            writer.write(host)
            writer.write(port)
        case .unix(let path, _):
            writer.write(Kind.unix)
            writer.write(path)
        // A listener has the address that its socket is bound to, even if the operator passed a descriptor.
        case .descriptor:
            writer.write(Kind.unix)
            writer.write(self.bind.description)
        }
        writer.write(self.proxies.requiresProxyHeader)
        writer.write(self.proxies.evaluatesForwarding)
        writer.write(self.security.usesTLS == true)
        writer.write(self.security.redirects)
        writer.write(self.security.redirectPort ?? 0)
        writer.write(self.security.clientCertificates?.rawValue ?? "")
    }

    init(from reader: inout MessageReader) throws(MessageFault) {
        switch try reader.read(Kind.self) {
        case .tcp: self = .tcp(host: try reader.read(), port: try reader.read())
        case .unix: self = .unix(path: try reader.read())
        }
        self.proxies.requiresProxyHeader = try reader.read()
        self.proxies.evaluatesForwarding = try reader.read()
        self.security.usesTLS = try reader.read()
        self.security.redirects = try reader.read()
        let port = try reader.read(Int.self)
        self.security.redirectPort = port == 0 ? nil : port
        self.security.clientCertificates = ListenerSecurity.ClientCertificates(rawValue: try reader.read())
    }
}
