package import HTTPServer

#if TLS
    import NIOCore
    import NIOSSL

    /// The contexts of a server's TLS connections: one for each certificate and each way to treat client certificates.
    /// Thread-safe.
    package final class TLSContexts: Sendable {
        /// The context of a connection, and the certificate that it presents.
        struct Context: Sendable {
            let context: NIOSSLContext
            let certificate: CertificateText
        }

        /// What the operator wants to know about the certificates, in their order.
        package let summaries: [CertificateSummary]
        private let names: ServerNames
        private let contexts: [ListenerSecurity.ClientCertificates: [Context]]
        private let clients: ListenerSecurity.ClientCertificates

        /// Checks the certificates and their keys. Throws `TLSFault`. `needed`: how listeners treat client certificates.
        package init(
            _ settings: TLSSettings, needed: Set<ListenerSecurity.ClientCertificates> = [],
            servesHTTP2: Bool = true
        ) throws(TLSFault) {
            let protocols = servesHTTP2 ? ["h2", "http/1.1"] : ["http/1.1"]
            if let ciphers = settings.ciphers { try CipherSuites.check(ciphers) }
            guard !settings.certificates.isEmpty else { throw TLSFault("TLS needs a certificate") }
            var pairs: [CertificatePair] = []
            for certificate in settings.certificates { pairs.append(try CertificatePair(certificate)) }
            self.summaries = pairs.map(\.summary)
            self.names = ServerNames(pairs.map(\.summary.names))
            self.clients = settings.clientCertificates
            var contexts: [ListenerSecurity.ClientCertificates: [Context]] = [:]
            for clients in needed.union([settings.clientCertificates]) {
                var list: [Context] = []
                for pair in pairs {
                    list.append(try Self.context(pair, settings, clients: clients, protocols: protocols))
                }
                contexts[clients] = list
            }
            self.contexts = contexts
        }

        /// The context for a client that has named this host; nil: none. `clients`: nil for the usual treatment of client
        /// certificates.
        func context(for host: String?, clients: ListenerSecurity.ClientCertificates?) -> Context? {
            self.contexts[clients ?? self.clients]?[self.names.certificate(for: host)]
        }

        private static func context(
            _ pair: CertificatePair, _ settings: TLSSettings, clients: ListenerSecurity.ClientCertificates,
            protocols: [String]
        ) throws(TLSFault) -> Context {
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: pair.chain.map { .certificate($0) }, privateKey: .privateKey(pair.key))
            configuration.minimumTLSVersion = settings.minimumVersion == .tls13 ? .tlsv13 : .tlsv12
            configuration.applicationProtocols = protocols
            configuration.renegotiationSupport = .none
            configuration.shutdownTimeout = .seconds(2)
            configuration.cipherSuites = settings.ciphers ?? CipherSuites.secure.joined(separator: ":")
            if clients != .none {
                configuration.certificateVerification =
                    clients == .required ? .noHostnameVerification : .optionalVerification
                configuration.trustRoots = .certificates(try Self.authorities(settings))
                configuration.sendCANameList = true
            }
            do {
                return Context(context: try NIOSSLContext(configuration: configuration), certificate: pair.text)
            } catch {
                let reason = TLSReason.of(error)
                // Both have been parsed, so that a key which cannot be used is another one.
                let isPair =
                    (error as? NIOSSLError) == .failedToLoadPrivateKey || "\(error)".contains("KEY_VALUES_MISMATCH")
                    || "\(error)".contains("KEY_TYPE_MISMATCH")
                throw TLSFault(
                    isPair
                        ? "\(pair.summary.file): the key does not belong to the certificate; give the key that it was made for"
                        : "\(pair.summary.file): \(reason)")
            }
        }

        private static func authorities(_ settings: TLSSettings) throws(TLSFault) -> [NIOSSLCertificate] {
            guard let text = settings.clientAuthorities else {
                throw TLSFault(
                    "client certificates need the authorities that sign them; name their file with --ssl-ca-certs")
            }
            do {
                let list = try NIOSSLCertificate.fromPEMBytes(Array(text.utf8))
                if !list.isEmpty { return list }
            } catch {}
            throw TLSFault("--ssl-ca-certs: no certificate in PEM; the file must hold those of the authorities")
        }
    }
#else
    /// The contexts of a server's TLS connections: a build without TLS makes none.
    package final class TLSContexts: Sendable {
        package let summaries: [CertificateSummary] = []

        package init(
            _ settings: TLSSettings, needed: Set<ListenerSecurity.ClientCertificates> = [],
            servesHTTP2: Bool = true
        ) throws(TLSFault) {
            throw TLSFault("this roost was built without TLS; build it with the trait TLS")
        }
    }
#endif
