import HTTPServer
import HTTPTLS
import RoostSystem

/// The key `tls` of a settings file: the certificates, and options that are also options of the server.
package struct TLSEntry {
    /// A key that stands for an option of the server.
    package struct Option {
        package let name: String
        package let value: String
        package let place: String
    }

    package let certificates: [TLSFiles.Pair]
    package let options: [Option]

    /// The keys, and the options of the server that they stand for.
    private static let optionNames = [
        "client-ca": "ssl-ca-certs", "client-certificates": "ssl-cert-reqs",
        "minimum-version": "ssl-minimum-version", "ciphers": "ssl-ciphers",
    ]

    package static let schema = SettingsSchema([
        SettingsKey(
            "certificates", .maps, standard: "none",
            "The certificates, each with a map of certificate, key and password-file. The names in it select the one for a client; the first is for all others."
        ),
        SettingsKey(
            "client-ca", .text, standard: "none", "File with the authorities of client certificates (--ssl-ca-certs)."),
        SettingsKey(
            "client-certificates", .choice(ListenerSecurity.ClientCertificates.allCases.map(\.rawValue)),
            standard: "none", "Whether clients present certificates (--ssl-cert-reqs)."),
        SettingsKey(
            "minimum-version", .choice(TLSSettings.Version.allCases.map(\.rawValue)), standard: "1.2",
            "The oldest version of TLS that is accepted (--ssl-minimum-version)."),
        SettingsKey("ciphers", .text, standard: "secure ones", "Cipher suites of TLS 1.2 (--ssl-ciphers)."),
    ])

    package static let certificateSchema = SettingsSchema([
        SettingsKey("certificate", .text, "File with the certificate and its chain, in PEM."),
        SettingsKey("key", .text, standard: "that of the certificate", "File with the private key, in PEM."),
        SettingsKey("password-file", .text, standard: "none", "File with the password of the key."),
    ])

    /// Reads the key. Throws `HostError`.
    init(_ values: SettingsValues) throws {
        guard let map = values.map("tls") else {
            self.certificates = []
            self.options = []
            return
        }
        let own = try Self.schema.read(map, in: values.file, below: "tls.")
        let list = own.nodes["certificates"]?.list ?? []
        self.certificates = try list.compactMap(\.map).enumerated().map { number, map in
            let entry = try Self.certificateSchema.read(map, in: values.file, below: "tls.certificates[\(number)].")
            guard let certificate = entry.text("certificate"), !certificate.isEmpty else {
                throw own.error("certificates", "entry \(number + 1) names no 'certificate'; name its file")
            }
            let folder = values.folder
            return TLSFiles.Pair(
                certificate: WorkingFolder.absolute(certificate, below: folder),
                key: entry.text("key").map { WorkingFolder.absolute($0, below: folder) },
                passwordFile: entry.text("password-file").map { WorkingFolder.absolute($0, below: folder) })
        }
        self.options = own.names.compactMap { key in
            guard let name = Self.optionNames[key], var value = own.text(key) else { return nil }
            if key == "client-ca" { value = WorkingFolder.absolute(value, below: values.folder) }
            return Option(name: name, value: value, place: own.place(key))
        }
    }
}
