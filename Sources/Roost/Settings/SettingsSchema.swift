import Yams

/// The keys of one map of a settings file: checks what stands there, and explains what could.
public struct SettingsSchema: Sendable {
    public let keys: [SettingsKey]

    public init(_ keys: [SettingsKey]) { self.keys = keys }

    /// Checks names and kinds. `others`: keys that are somebody else's, and left alone. Throws `HostError` with file, line and mend.
    func read(
        _ mapping: Node.Mapping, in file: SettingsFile, below prefix: String, others: (String) -> Bool = { _ in false }
    ) throws -> SettingsValues {
        var nodes: [String: Node] = [:]
        for (key, node) in mapping {
            guard let name = key.scalar?.string else {
                throw SettingsFile.error(file.path, key, "found \(SettingsFile.kind(key)) where a key has to stand")
            }
            guard let known = self.keys.first(where: { $0.name == name }) else {
                if others(name) { continue }
                throw SettingsFile.error(file.path, key, "'\(prefix)\(name)' is no key\(self.suggestion(for: name))")
            }
            // A key without a value is as if it were not there.
            guard node.tag.rawValue != Tag.Name.null.rawValue else { continue }
            guard Self.fits(node, known.kind) else {
                throw SettingsFile.error(
                    file.path, node,
                    "'\(prefix)\(name)' is \(known.kind.words), found \(Self.found(node))")
            }
            nodes[name] = node
        }
        return SettingsValues(nodes: nodes, file: file, prefix: prefix)
    }

    private func suggestion(for name: String) -> String {
        let near = NearestName.to(name, among: self.keys.map(\.name))
        if !near.isEmpty { return "; did you mean \(near.map { "'\($0)'" }.joined(separator: " or "))?" }
        let names = self.keys.map(\.name)
        return names.count > 12
            ? " (roost settings --explain has them all)" : ": there are \(names.joined(separator: ", "))"
    }

    private static func fits(_ node: Node, _ kind: SettingsKey.Kind) -> Bool {
        switch (kind, node) {
        case (.text, .scalar): true
        case (.texts, .scalar): true
        case (.texts, .sequence(let list)): list.allSatisfy { $0.scalar != nil }
        case (.flag, .scalar(let scalar)): SettingsValues.flag(scalar.string) != nil
        case (.choice(let choices), .scalar(let scalar)): choices.contains(scalar.string)
        case (.map, .mapping), (.textOrMap, .mapping), (.textOrMap, .scalar): true
        case (.maps, .sequence(let list)): list.allSatisfy { $0.mapping != nil }
        default: false
        }
    }

    private static func found(_ node: Node) -> String {
        node.scalar.map { "'\($0.string)'" } ?? SettingsFile.kind(node)
    }
}

/// What one map of a settings file gives the host, checked against its schema.
public struct SettingsValues {
    let nodes: [String: Node]
    let file: SettingsFile
    /// Of the keys' dotted names.
    let prefix: String

    /// In the order of the file.
    public var names: [String] {
        self.nodes.sorted { ($0.value.mark?.line ?? 0) < ($1.value.mark?.line ?? 0) }.map(\.key)
    }

    public func text(_ name: String) -> String? { self.nodes[name]?.scalar?.string }

    /// One, or the list.
    public func texts(_ name: String) -> [String] {
        guard let node = self.nodes[name] else { return [] }
        return node.sequence?.compactMap { $0.scalar?.string } ?? node.scalar.map { [$0.string] } ?? []
    }

    public func flag(_ name: String) -> Bool? { self.text(name).flatMap(Self.flag) }

    func mapping(_ name: String) -> Node.Mapping? { self.nodes[name]?.mapping }

    /// File and line.
    public func place(_ name: String) -> String { SettingsFile.place(self.file.path, self.nodes[name]) }

    /// What is wrong with a key's value.
    public func error(_ name: String, _ message: String) -> HostError {
        HostError(code: .settings, message: "\(self.place(name)): '\(self.prefix)\(name)' \(message)")
    }

    /// YAML's words, and those that people use besides.
    public static func flag(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "true", "yes", "on", "1": true
        case "false", "no", "off", "0": false
        default: nil
        }
    }
}
