/// What an operator wants to know about a certificate.
package struct CertificateSummary: Sendable, Hashable {
    /// The host names and addresses.
    package var names: [String]
    /// When it begins and ends to be valid, in seconds since 1970.
    package var begins: Int
    package var ends: Int
    /// The key is an RSA key, with which a handshake takes twice the time.
    package var isRSA: Bool
    /// What error messages name it: its file.
    package var file: String

    package init(names: [String], begins: Int, ends: Int, isRSA: Bool, file: String) {
        self.names = names
        self.begins = begins
        self.ends = ends
        self.isRSA = isRSA
        self.file = file
    }

    /// The whole days that are left; negative if it has ended.
    package func daysLeft(now: Int) -> Int { (self.ends - now) < 0 ? -1 : (self.ends - now) / 86_400 }
}
