/// Values and places by dotted keys.
extension SettingsFile {
    /// The map below a dotted key; nil: there is none.
    package func map(at key: String) -> SettingsMap? {
        var below = SettingsNode(content: .map(self.root), line: 1)
        var rest = key[...]
        while !rest.isEmpty {
            guard let found = Self.step(into: below, rest) else { return nil }
            below = found.value
            // The key and the dot behind it.
            rest = rest.dropFirst(found.length + 1)
        }
        return below.map
    }

    /// The file and the line of a dotted key; of a key that is missing, those of the nearest one that it would be below.
    package func place(of key: String) -> String {
        var line: Int?
        var below = SettingsNode(content: .map(self.root), line: 1)
        var rest = key[...]
        while !rest.isEmpty, let found = Self.step(into: below, rest) {
            line = found.line
            below = found.value
            // The key and the dot behind it.
            rest = rest.dropFirst(found.length + 1)
        }
        return Self.place(self.path, line)
    }

    /// What a dotted key begins with, and how many characters that takes. A key may contain dots itself.
    private static func step(
        into node: SettingsNode, _ key: Substring
    ) -> (value: SettingsNode, line: Int, length: Int)? {
        switch node.content {
        case .map(let map):
            let named = map.filter { key == $0.name || key.hasPrefix($0.name + ".") }.max {
                $0.name.count < $1.name.count
            }
            return named.map { ($0.value, $0.line, $0.name.count) }
        case .list(let list):
            let digits = key.prefix { $0 != "." }
            guard let index = Int(digits), list.indices.contains(index) else { return nil }
            return (list[index], list[index].line, digits.count)
        case .scalar: return nil
        }
    }
}
