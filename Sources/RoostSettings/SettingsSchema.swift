package import RoostSystem

/// The keys of one map of a settings file: checks the map, and suggests keys for unknown ones.
package struct SettingsSchema: Sendable {
    package let keys: [SettingsKey]

    package init(_ keys: [SettingsKey]) { self.keys = keys }

    /// Checks names and kinds. `others`: whether an unknown key is allowed, and ignored. Throws `HostError` with file,
    /// line and what to do.
    package func read(
        _ map: SettingsMap, in file: SettingsFile, below prefix: String, others: (String) -> Bool = { _ in false }
    ) throws -> SettingsValues {
        var nodes: [String: SettingsNode] = [:]
        for entry in map {
            let (name, node) = (entry.name, entry.value)
            guard let known = self.keys.first(where: { $0.name == name }) else {
                if others(name) { continue }
                throw SettingsFile.error(
                    file.path, entry.line, "unknown key '\(prefix)\(ShownText.of(name))'\(self.suggestion(for: name))")
            }
            // A key without a value counts as missing.
            guard !node.isNull else { continue }
            guard Self.fits(node, known.kind) else {
                throw SettingsFile.error(
                    file.path, node.line,
                    "'\(prefix)\(name)' must be \(known.kind.words), found \(Self.found(node, name))")
            }
            nodes[name] = node
        }
        return SettingsValues(nodes: nodes, file: file, prefix: prefix)
    }

    private func suggestion(for name: String) -> String {
        let near = NearestName.to(name, among: self.keys.map(\.name))
        if !near.isEmpty { return " (did you mean \(near.map { "'\($0)'" }.joined(separator: " or "))?)" }
        let names = self.keys.map(\.name)
        return names.count > 12
            ? " (roost settings --explain lists them all)" : " (known keys: \(names.joined(separator: ", ")))"
    }

    private static func fits(_ node: SettingsNode, _ kind: SettingsKey.Kind) -> Bool {
        switch (kind, node.content) {
        case (.text, .scalar), (.texts, .scalar), (.map, .map), (.textOrMap, .map), (.textOrMap, .scalar): true
        case (.texts, .list(let list)): list.allSatisfy { $0.text != nil }
        case (.flag, .scalar(let scalar)): SettingsValues.flag(scalar.text) != nil
        case (.choice(let choices), .scalar(let scalar)): choices.contains(scalar.text)
        case (.maps, .list(let list)): list.allSatisfy { $0.map != nil }
        case (.textsOrMaps, .list(let list)): list.allSatisfy { $0.map != nil || $0.text != nil }
        default: false
        }
    }

    private static func found(_ node: SettingsNode, _ name: String) -> String {
        node.text.map { "'\(ShownText.of(Redaction.shown($0, of: name)))'" } ?? node.kindWords
    }
}

/// The values of one map of a settings file, checked against its schema.
package struct SettingsValues {
    package let nodes: [String: SettingsNode]
    package let file: SettingsFile
    /// The prefix of the keys' dotted names.
    package let prefix: String

    /// The keys, in the order of the file.
    package var names: [String] {
        self.nodes.sorted { ($0.value.line, $0.key) < ($1.value.line, $1.key) }.map(\.key)
    }

    package func text(_ name: String) -> String? { self.nodes[name]?.text }

    /// The list, or a list of the single value.
    package func texts(_ name: String) -> [String] {
        guard let node = self.nodes[name] else { return [] }
        return node.list?.compactMap(\.text) ?? node.text.map { [$0] } ?? []
    }

    package func flag(_ name: String) -> Bool? { self.text(name).flatMap(Self.flag) }

    package func map(_ name: String) -> SettingsMap? { self.nodes[name]?.map }

    /// File and line of a key.
    package func place(_ name: String) -> String { SettingsFile.place(self.file.path, self.nodes[name]?.line) }

    /// An error about a key's value.
    package func error(_ name: String, _ message: String) -> HostError {
        SettingsFile.error(self.file.path, self.nodes[name]?.line, "'\(self.prefix)\(name)' \(message)")
    }

    /// The value of a flag. The schema says that the key is a flag, so a plain `yes` is unambiguous here.
    package static func flag(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "true", "yes", "on", "1", "t", "y": true
        case "false", "no", "off", "0", "f", "n": false
        default: nil
        }
    }
}
