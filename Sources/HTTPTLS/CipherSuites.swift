/// The cipher suites of TLS 1.2 by their names in OpenSSL. A value without I/O.
enum CipherSuites {
    /// Those with forward secrecy and authenticated encryption (RFC 9325 §4.2): the default.
    static let secure = [
        "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305",
    ]

    /// Further ones, for old clients.
    private static let others = [
        "ECDHE-ECDSA-AES128-SHA", "ECDHE-RSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA", "ECDHE-RSA-AES256-SHA",
        "AES128-GCM-SHA256", "AES256-GCM-SHA384", "AES128-SHA", "AES256-SHA",
    ]

    /// Checks a list of names that are separated by colons. BoringSSL ends the process for a list without a known name.
    static func check(_ list: String) throws(TLSFault) {
        let names = list.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        for name in names where !(self.secure + self.others).contains(name) {
            throw TLSFault(
                "--ssl-ciphers: unknown cipher suite '\(name)'; known, separated by colons: \((self.secure + self.others).joined(separator: ", "))"
            )
        }
    }
}
