import RoostSystem

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
        "{\(map.map { "\(JSONString.quoted($0.name)):\(self.of($0.value))" }.joined(separator: ","))}"
    }

    private static func of(_ scalar: CoreScalar) -> String {
        switch scalar.kind {
        case .text: JSONString.quoted(scalar.text)
        case .null: "null"
        case .flag(let flag): flag ? "true" : "false"
        case .number(let number): number
        }
    }
}
