/// Writes the values of a settings file as JSON (RFC 8259).
package enum JSONText {
    package static func of(_ node: SettingsNode) -> String {
        switch node.content {
        case .map(let map): self.of(map)
        case .list(let list): "[\(list.map(self.of).joined(separator: ","))]"
        case .scalar(let scalar): self.of(scalar)
        }
    }

    package static func of(_ map: SettingsMap) -> String {
        "{\(map.map { "\(self.quoted($0.name)):\(self.of($0.value))" }.joined(separator: ","))}"
    }

    private static func of(_ scalar: CoreScalar) -> String {
        switch scalar.kind {
        case .text: self.quoted(scalar.text)
        case .null: "null"
        case .flag(let flag): flag ? "true" : "false"
        case .number(let number): number
        }
    }

    package static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            // Those that JSON forbids, and those that YAML does, which reads it here too.
            case "\u{0}"..<"\u{20}", "\u{7f}"..<"\u{a0}", "\u{2028}", "\u{2029}", "\u{feff}", "\u{fffe}", "\u{ffff}":
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
