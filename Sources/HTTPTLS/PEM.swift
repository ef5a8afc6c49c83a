import HTTPServer

/// Certificates as text (RFC 7468).
enum PEM {
    static func certificate(_ bytes: [UInt8]) -> String {
        let digits = Base64.text(of: bytes)
        var text = "-----BEGIN CERTIFICATE-----\n"
        var rest = digits[...]
        while !rest.isEmpty {
            text += rest.prefix(64) + "\n"
            rest = rest.dropFirst(64)
        }
        return text + "-----END CERTIFICATE-----\n"
    }
}
