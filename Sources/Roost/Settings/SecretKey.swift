/// Which settings are nobody's to see: by their names, as Django's error pages decide it, and passwords in addresses.
public enum SecretKey {
    public static let mask = "********"
    private static let words = ["api", "auth", "token", "key", "secret", "pass", "signature", "credential", "cookie"]

    public static func hides(_ key: String, _ value: String) -> Bool {
        let name = key.split(separator: ".").last?.lowercased() ?? ""
        return self.words.contains(where: name.contains) || self.hasPassword(value)
    }

    /// `postgres://user:password@host`.
    private static func hasPassword(_ value: String) -> Bool {
        guard let scheme = value.firstRange(of: "://"), let at = value[scheme.upperBound...].firstIndex(of: "@") else {
            return false
        }
        return value[scheme.upperBound..<at].contains(":")
    }
}
