#if TLS
    import Glibc
    import HTTPServer
    import NIOSSL

    /// A parsed certificate chain and its key.
    struct CertificatePair {
        let chain: [NIOSSLCertificate]
        let key: NIOSSLPrivateKey
        let summary: CertificateSummary
        /// The server's own certificate.
        let text: CertificateText

        /// Parses and checks both. Throws `TLSFault`.
        init(_ certificate: TLSSettings.Certificate) throws(TLSFault) {
            let chain = try Self.chain(certificate)
            self.chain = chain
            self.key = try Self.key(certificate)
            self.text = CertificateText(PEM.certificate(Self.bytes(of: chain[0])))
            self.summary = CertificateSummary(
                names: Self.names(of: chain[0]), begins: Int(chain[0].notValidBefore),
                ends: Int(chain[0].notValidAfter), isRSA: Self.isRSA(chain[0]), file: certificate.name)
            guard self.summary.ends > time(nil) else {
                throw TLSFault("\(certificate.name): the certificate has expired; get a new one")
            }
        }

        private static func chain(_ certificate: TLSSettings.Certificate) throws(TLSFault) -> [NIOSSLCertificate] {
            var chain: [NIOSSLCertificate] = []
            do { chain = try NIOSSLCertificate.fromPEMBytes(Array(certificate.chain.utf8)) } catch {
                throw TLSFault("\(certificate.name): not a certificate in PEM (\(TLSReason.of(error)))")
            }
            guard !chain.isEmpty else { throw TLSFault("\(certificate.name): there is no certificate in PEM in it") }
            // Each certificate has to be signed by the next one: clients refuse a chain in another order.
            for (one, next) in zip(chain, chain.dropFirst()) where one.issuerName != next.subjectName {
                throw TLSFault(
                    "\(certificate.name): the certificates are not in the order of the chain; begin with that of the server"
                )
            }
            return chain
        }

        private static func key(_ certificate: TLSSettings.Certificate) throws(TLSFault) -> NIOSSLPrivateKey {
            let bytes = Array(certificate.key.utf8)
            do {
                // Called for an encrypted key only.
                return try NIOSSLPrivateKey(bytes: bytes, format: .pem) { (give: ([UInt8]) -> Void) in
                    give(Array((certificate.password ?? "").utf8))
                }
            } catch {
                let isEncrypted = certificate.key.contains("ENCRYPTED")
                throw TLSFault(
                    isEncrypted
                        ? "\(certificate.name): the key is encrypted, and the password is \(certificate.password == nil ? "missing" : "wrong"); set --ssl-keyfile-password"
                        : "\(certificate.name): there is no private key in PEM for it; name its file with --ssl-keyfile"
                )
            }
        }

        /// The bytes in DER. Encoding a parsed certificate does not fail.
        static func bytes(of certificate: NIOSSLCertificate) -> [UInt8] { (try? certificate.toDERBytes()) ?? [] }

        /// The alternative names; without any, the common name.
        private static func names(of certificate: NIOSSLCertificate) -> [String] {
            var names: [String] = []
            for name in certificate._subjectAlternativeNames() {
                name.contents.withUnsafeBufferPointer { bytes in
                    if name.nameType == .dnsName {
                        names.append(String(decoding: bytes, as: UTF8.self))
                    } else if name.nameType == .ipAddress {
                        names.append(Self.address(bytes))
                    }
                }
            }
            if names.isEmpty { names = certificate.subjectName.filter { $0.type == .commonName }.map(\.value) }
            return names
        }

        private static func address(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
            var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
            inet_ntop(bytes.count == 4 ? AF_INET : AF_INET6, bytes.baseAddress, &text, socklen_t(text.count))
            return text.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
        }

        /// Whether the key has the type rsaEncryption (RFC 8017 §A.1).
        private static func isRSA(_ certificate: NIOSSLCertificate) -> Bool {
            guard let bytes = try? certificate.extractPublicKey().toSPKIBytes() else { return false }
            let name: [UInt8] = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01]
            return bytes.prefix(64).indices.contains { bytes[$0...].starts(with: name) }
        }
    }
#endif
