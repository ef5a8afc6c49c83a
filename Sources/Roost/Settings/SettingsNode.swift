/// One value of a settings file: a scalar, a list or a map, with its line.
struct SettingsNode: Sendable, Equatable {
    enum Content: Sendable, Equatable {
        case scalar(CoreScalar)
        case list([SettingsNode])
        case map(SettingsMap)
    }

    let content: Content
    /// Counted from 1.
    let line: Int

    init(content: Content, line: Int) {
        self.content = content
        self.line = line
    }

    /// A text.
    init(text: String, line: Int) { self.init(content: .scalar(CoreScalar(quoted: text)), line: line) }

    /// The text of a scalar, as it was written; nil: it is a list or a map.
    var text: String? {
        guard case .scalar(let scalar) = self.content else { return nil }
        return scalar.text
    }

    var list: [SettingsNode]? {
        guard case .list(let list) = self.content else { return nil }
        return list
    }

    var map: SettingsMap? {
        guard case .map(let map) = self.content else { return nil }
        return map
    }

    var isNull: Bool {
        guard case .scalar(let scalar) = self.content else { return false }
        return scalar.kind == .null
    }

    /// What it is, for error messages.
    var kindWords: String {
        switch self.content {
        case .scalar: "a single value"
        case .list: "a list"
        case .map: "a map"
        }
    }
}

/// The entries of a map, in the order of the file. Keys are texts, and no two are the same.
struct SettingsMap: Sendable, Equatable, Sequence {
    struct Entry: Sendable, Equatable {
        let name: String
        /// The line of the key.
        let line: Int
        let value: SettingsNode
    }

    var entries: [Entry] = []

    func makeIterator() -> IndexingIterator<[Entry]> { self.entries.makeIterator() }
}
