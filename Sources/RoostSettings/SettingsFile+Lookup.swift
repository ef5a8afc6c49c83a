/// Looks up values and places by dotted key.
extension SettingsFile {
    /// The map below a dotted key; nil if there is none.
    package func map(at key: String) -> SettingsMap? {
        var below = SettingsNode(content: .map(self.root), line: 1)
        var rest = key[...]
        while !rest.isEmpty {
            guard let found = Self.step(into: below, rest) else { return nil }
            below = found.value
            // The key and the dot after it.
            rest = rest.dropFirst(found.length + 1)
        }
        return below.map
    }

    /// The file and line of a dotted key; for a missing key, those of its nearest parent that exists.
    package func place(of key: String) -> String {
        var line: Int?
        var below = SettingsNode(content: .map(self.root), line: 1)
        var rest = key[...]
        while !rest.isEmpty, let found = Self.step(into: below, rest) {
            line = found.line
            below = found.value
            // The key and the dot after it.
            rest = rest.dropFirst(found.length + 1)
        }
        return Self.place(self.path, line)
    }

    /// The entry whose key a dotted key begins with, and the length of that key in characters. Keys may contain dots.
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
