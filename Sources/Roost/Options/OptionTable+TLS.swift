import HTTPServer
import HTTPTLS
import RoostSettings

/// Options: TLS.
extension OptionTable {
    static let tls: [ServerOption] = [
        .optionalText(
            "ssl-certfile", \.tls.certificate, unset: "no TLS",
            """
            File with the certificate and its chain, in PEM; all addresses then use TLS, but those with ,tls=off. \
            Several certificates: key tls of the settings file. Changed files are used for new connections.
            """
        ).notForWorkers,
        .optionalText(
            "ssl-keyfile", \.tls.key, unset: "the file of the certificate", "File with the private key, in PEM."
        ).notForWorkers,
        .optionalText(
            "ssl-keyfile-password", \.tls.password,
            "Password of the private key. Better set it in the environment: $ROOST_SSL_KEYFILE_PASSWORD."
        ).secret,
        .optionalText(
            "ssl-ca-certs", \.tls.authorities,
            "File with the certificates of the authorities that sign those of clients, in PEM."
        ).notForWorkers,
        .parsed(
            "ssl-cert-reqs", .text, \.tls.clientCertificates,
            "Whether clients present certificates: none, optional or required; also as the numbers 0, 1 and 2.",
            parse: Self.clientCertificates, texts: { [$0.rawValue] }
        ).notForWorkers,
        .optionalText(
            "ssl-ciphers", \.tls.ciphers, unset: "secure ones",
            "Cipher suites of TLS 1.2, by their names in OpenSSL with colons between. Those of TLS 1.3 are all secure."
        ).notForWorkers,
        .choice(
            "ssl-minimum-version", \.tls.minimumVersion, among: TLSSettings.Version.allCases,
            "Oldest version of TLS that is accepted."
        ).notForWorkers,
        .flag(
            "tls-self-signed", \.tls.isSelfSigned,
            "Use TLS with a certificate for localhost that the server makes, for development; needs the program openssl."
        ).notForWorkers.commandOnly("give a certificate to the host"),
        .optionalText(
            "acme-webroot", \.tls.webroot,
            "Folder of an ACME client (certbot --webroot): serves what it writes below .well-known/acme-challenge."),
        .seconds(
            "timeout-tls-handshake", \.host.server.handshakeTime, .time, "Maximum time of a TLS handshake."),
        .optionalText(
            "alt-svc", \.tls.alternativeService,
            "Value of the header field alt-svc, with which a proxy's HTTP/3 is announced: 'h3=\":443\"'."
        ) { _ = try DefaultHeader("alt-svc:\($0)") },
    ]

    @Sendable private static func clientCertificates(
        _ texts: [String]
    ) throws -> ListenerSecurity.ClientCertificates {
        let all = ListenerSecurity.ClientCertificates.allCases
        let text = texts.first ?? ""
        if let number = Int(text), all.indices.contains(number) { return all[number] }
        guard let value = ListenerSecurity.ClientCertificates(rawValue: text) else { throw OptionFault.malformed(text) }
        return value
    }
}
