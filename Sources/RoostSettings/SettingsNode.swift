/// One value of a settings file with its line: a scalar, a list or a map.
package struct SettingsNode: Sendable, Equatable {
    package enum Content: Sendable, Equatable {
        case scalar(CoreScalar)
        case list([SettingsNode])
        case map(SettingsMap)
    }

    package let content: Content
    /// Counted from 1.
    package let line: Int

    package init(content: Content, line: Int) {
        self.content = content
        self.line = line
    }

    /// A quoted scalar.
    package init(text: String, line: Int) { self.init(content: .scalar(CoreScalar(quoted: text)), line: line) }

    /// The text of a scalar, as written; nil for a list or a map.
    package var text: String? {
        guard case .scalar(let scalar) = self.content else { return nil }
        return scalar.text
    }

    package var list: [SettingsNode]? {
        guard case .list(let list) = self.content else { return nil }
        return list
    }

    package var map: SettingsMap? {
        guard case .map(let map) = self.content else { return nil }
        return map
    }

    var isNull: Bool {
        guard case .scalar(let scalar) = self.content else { return false }
        return scalar.kind == .null
    }

    /// The kind of the value, for error messages.
    package var kindWords: String {
        switch self.content {
        case .scalar: "a single value"
        case .list: "a list"
        case .map: "a map"
        }
    }
}

/// The entries of a map, in the order of the file. Keys are unique strings.
package struct SettingsMap: Sendable, Equatable, Sequence {
    package struct Entry: Sendable, Equatable {
        package let name: String
        /// The line of the key.
        package let line: Int
        package let value: SettingsNode
    }

    package var entries: [Entry]

    package init(entries: [Entry] = []) { self.entries = entries }

    package func makeIterator() -> IndexingIterator<[Entry]> { self.entries.makeIterator() }
}
