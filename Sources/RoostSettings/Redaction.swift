/// Masks secrets wherever settings are shown: by key names, as Django's error pages do, and by the form of values.
package enum Redaction {
    package static let mask = "********"

    /// Words that mark a name as that of a secret.
    private static let words = [
        "api", "auth", "token", "key", "secret", "pass", "pwd", "signature", "credential", "cookie", "private", "jwt",
    ]

    /// Whether a name, or any part of a dotted key, is that of a secret.
    package static func isSecret(name: String) -> Bool {
        let name = name.lowercased()
        return self.words.contains { name.contains($0) }
    }

    /// A value for display. `key`: its dotted key; all values below a secret's key are masked.
    package static func shown(_ value: String, of key: String = "") -> String {
        self.isSecret(name: key) || SecretText.isSecret(value) ? self.mask : value
    }

    /// Masks secrets in a message about a value, which may quote the value or an element of a comma-separated list.
    /// `key`: as for `shown`.
    package static func masked(_ message: String, quoting value: String, of key: String = "") -> String {
        let elements = value.split(separator: ",").map { $0.drop { $0 == " " } }
        return ([value[...]] + elements).map(String.init).reduce(message) { message, text in
            text.isEmpty || self.shown(text, of: key) == text ? message : message.replacing(text, with: self.mask)
        }
    }

    /// The single values of a map by dotted key, for display; lists are JSON.
    package static func leaves(of map: SettingsMap, below prefix: String = "") -> [(key: String, value: String)] {
        map.flatMap { entry -> [(String, String)] in
            let key = prefix + entry.name
            let isSecret = self.isSecret(name: entry.name) || self.isNamed(in: map, entry)
            if !isSecret, let inner = entry.value.map, !inner.entries.isEmpty {
                return self.leaves(of: inner, below: "\(key).")
            }
            let value = isSecret ? SettingsNode(text: self.mask, line: entry.line) : self.redacted(entry.value)
            return [(key, value.text ?? JSONText.of(value))]
        }
    }

    private static func redacted(_ node: SettingsNode) -> SettingsNode {
        switch node.content {
        case .scalar(let scalar):
            return SecretText.isSecret(scalar.text) ? SettingsNode(text: self.mask, line: node.line) : node
        case .list(let list):
            var isNext = false
            let shown = list.map { item in
                defer { isNext = item.text.map { $0.hasPrefix("-") && self.isSecret(name: $0) } ?? false }
                // The value after an option: ["--password", "..."].
                return isNext ? SettingsNode(text: self.mask, line: item.line) : self.redacted(item)
            }
            return SettingsNode(content: .list(shown), line: node.line)
        case .map(let map):
            let shown = map.map { entry in
                let isSecret = self.isSecret(name: entry.name) || self.isNamed(in: map, entry)
                return SettingsMap.Entry(
                    name: entry.name, line: entry.line,
                    value: isSecret ? SettingsNode(text: self.mask, line: entry.line) : self.redacted(entry.value))
            }
            return SettingsNode(content: .map(SettingsMap(entries: shown)), line: node.line)
        }
    }

    /// Whether the entry is `value`, and a neighbouring entry names a secret: `{name: DB_PASSWORD, value: ...}`.
    private static func isNamed(in map: SettingsMap, _ entry: SettingsMap.Entry) -> Bool {
        guard entry.name.lowercased() == "value" else { return false }
        return map.contains {
            ["name", "key"].contains($0.name.lowercased()) && self.isSecret(name: $0.value.text ?? "")
        }
    }
}
