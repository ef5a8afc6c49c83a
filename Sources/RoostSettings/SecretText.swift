/// Recognizes values that contain a secret, whatever their key: URLs with a user, connection strings, tokens. Takes
/// time proportional to the size of the text.
enum SecretText {
    static func isSecret(_ text: String) -> Bool {
        let words = text.lowercased().split(whereSeparator: \.isWhitespace)
        for (at, word) in words.enumerated() {
            let next = at + 1 < words.count ? words[at + 1] : ""
            if self.hasUser(word) || self.isToken(word) || self.announces(word, next) { return true }
        }
        return self.isKey(text) || self.hasAssignment(Array(text.utf8))
    }

    /// `https://token@host`, `postgres://user:password@host`, `user:password@tcp(host)/db`.
    private static func hasUser(_ word: Substring) -> Bool {
        guard let at = word.lastIndex(of: "@"), at != word.index(before: word.endIndex) else { return false }
        let before = word[..<at]
        guard !before.contains("://") else { return true }
        guard let colon = before.firstIndex(of: ":") else { return false }
        return before[..<colon] != "mailto" && colon != before.startIndex
            && before.index(after: colon) != before.endIndex
    }

    private static let prefixes = [
        "ghp_", "gho_", "ghs_", "github_pat_", "glpat-", "sk-", "sk_live_", "sk_test_", "xoxb-", "xoxp-", "akia", "eyj",
    ]

    /// Tokens of well-known services, and JSON web tokens.
    private static func isToken(_ word: Substring) -> Bool {
        word.utf8.count >= 16 && self.prefixes.contains(where: word.hasPrefix)
    }

    /// `Bearer abc`, `Basic dXNlcjpwYXNz`, `--password abc`.
    private static func announces(_ word: Substring, _ next: Substring) -> Bool {
        guard !next.isEmpty else { return false }
        if word.hasPrefix("-"), !word.contains("=") { return Redaction.isSecret(name: String(word)) }
        return ["bearer", "basic"].contains(word) && next.utf8.count >= 8
    }

    /// Whether the text contains a private key.
    private static func isKey(_ text: String) -> Bool { text.contains("PRIVATE KEY-----") }

    /// `host=h password=x`, `Server=h;Password=x`, `?api_key=x`, `{"password": "x"}`, `X-Auth-Token: x`.
    private static func hasAssignment(_ bytes: [UInt8]) -> Bool {
        for (at, byte) in bytes.enumerated() where byte == UInt8(ascii: "=") || byte == UInt8(ascii: ":") {
            let value = bytes[(at + 1)...].prefix(self.longestGap + 1).drop { self.isGap($0) }
            guard let first = value.first, !value.starts(with: "//".utf8), first != UInt8(ascii: "="),
                first != UInt8(ascii: ";"), first != UInt8(ascii: "&")
            else { continue }
            var end = at
            while end > 0, at - end < self.longestGap, self.isGap(bytes[end - 1]) { end -= 1 }
            var start = end
            while start > 0, end - start < self.longestName, self.isOfName(bytes[start - 1]) { start -= 1 }
            if Redaction.isSecret(name: String(decoding: bytes[start..<end], as: UTF8.self)) { return true }
        }
        return false
    }

    private static let longestGap = 8
    private static let longestName = 64

    /// Whether the byte may stand between a name, the sign and the value.
    private static func isGap(_ byte: UInt8) -> Bool { " \t\"'\\".utf8.contains(byte) }

    private static func isOfName(_ byte: UInt8) -> Bool {
        byte | 0x20 &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10 || "_-.".utf8.contains(byte)
    }
}
