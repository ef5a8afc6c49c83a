package import HTTPServer
import NIOConcurrencyHelpers
package import NIOCore
import NIOTLS

#if TLS
    import NIOSSL
#endif

/// Encrypts the connections of a server with TLS. Thread-safe.
///
/// Its contexts can be replaced: new connections use the new ones, others keep theirs.
package final class TLSEncryption: ConnectionSecurity {
    private let contexts: NIOLockedValueBox<TLSContexts>

    package init(_ contexts: TLSContexts) { self.contexts = NIOLockedValueBox(contexts) }

    /// Uses these contexts for the connections from now on.
    package func use(_ contexts: TLSContexts) { self.contexts.withLockedValue { $0 = contexts } }

    package func addHandlers(
        to channel: any Channel, _ start: ConnectionStart, clients: ListenerSecurity.ClientCertificates?
    ) throws {
        #if TLS
            let contexts = self.contexts.withLockedValue { $0 }
            let files = FileReadingHandler()
            let transport = TLSTransport(files)
            var chosen: TLSContexts.Context?
            let handshake = TLSHandshake(start, transport) { channel in
                let handler = try channel.pipeline.syncOperations.handler(type: NIOSSLServerHandler.self)
                guard let chosen else { throw ChannelError.inappropriateOperationForState }
                return Self.facts(handler, chosen.certificate, cipherSuite: transport.cipherSuite)
            }
            let names = ByteToMessageHandler(
                SNIHandler { result in
                    var host: String?
                    if case .hostname(let name) = result { host = name }
                    return channel.eventLoop.makeCompletedFuture {
                        guard let context = contexts.context(for: host, clients: clients) else {
                            throw ChannelError.inappropriateOperationForState
                        }
                        chosen = context
                        let pipeline = channel.pipeline.syncOperations
                        try pipeline.addHandlers(
                            [NIOSSLServerHandler(context: context.context), files], position: .before(handshake))
                    }
                })
            try channel.pipeline.syncOperations.addHandlers([transport, names, handshake])
        #else
            throw ChannelError.operationUnsupported
        #endif
    }

    #if TLS
        private static func facts(
            _ handler: NIOSSLServerHandler, _ server: CertificateText, cipherSuite: UInt16
        ) -> TLSFacts {
            let version: UInt32 =
                switch handler.tlsVersion {
                case .tlsv1: 0x0301
                case .tlsv11: 0x0302
                case .tlsv12: 0x0303
                case .tlsv13: 0x0304
                case nil: 0
                }
            let client = handler.peerCertificate.map { CertificatePair.bytes(of: $0) }
            return TLSFacts(
                version: version, cipherSuite: UInt32(cipherSuite), server: server,
                clientChain: client.map { [PEM.certificate($0)] } ?? [],
                clientName: client.flatMap { DistinguishedName(subjectOf: $0)?.text } ?? "")
        }
    #endif
}
