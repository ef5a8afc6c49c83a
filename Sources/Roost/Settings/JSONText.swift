import Yams

/// Writes YAML nodes as JSON (RFC 8259).
enum JSONText {
    static func of(_ node: Node) -> String {
        switch node {
        case .mapping(let mapping): return self.of(mapping)
        case .sequence(let sequence): return "[\(sequence.map(self.of).joined(separator: ","))]"
        case .scalar(let scalar): return self.of(scalar.string, node)
        case .alias: return "null"
        }
    }

    static func of(_ mapping: Node.Mapping) -> String {
        let members = mapping.map { "\(self.quoted($0.key.scalar?.string ?? "")):\(self.of($0.value))" }
        return "{\(members.joined(separator: ","))}"
    }

    private static func of(_ text: String, _ node: Node) -> String {
        switch node.tag.rawValue {
        case Tag.Name.null.rawValue: return "null"
        case Tag.Name.bool.rawValue: return node.bool.map { $0 ? "true" : "false" } ?? self.quoted(text)
        case Tag.Name.int.rawValue: return node.int.map(String.init) ?? self.quoted(text)
        case Tag.Name.float.rawValue:
            // Infinity and NaN are no JSON.
            guard let number = node.float, number.isFinite else { return self.quoted(text) }
            return "\(number)"
        default: return self.quoted(text)
        }
    }

    static func quoted(_ text: String) -> String {
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
