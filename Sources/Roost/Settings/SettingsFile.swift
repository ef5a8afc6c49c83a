import Glibc
import Yams

/// A settings file, YAML or JSON (which is YAML), as its node tree: nodes know their lines.
/// Immutable: Yams' nodes are values, though they do not say that they can be sent.
public struct SettingsFile: @unchecked Sendable {
    public let path: String
    /// From the root; nil: it cannot be said.
    let resolved: String?
    let text: String
    let root: Node.Mapping

    /// Reads and parses. Throws `HostError` with file, line and mend.
    public init(path: String) throws {
        let resolved = realpath(path, nil).map { resolved in
            defer { free(resolved) }
            return String(cString: resolved)
        }
        try self.init(path: path, resolved: resolved, text: try Self.read(path))
    }

    /// Parses what was read before. Throws `HostError` with file, line and mend.
    init(path: String, resolved: String?, text: String) throws {
        self.path = path
        self.resolved = resolved
        self.text = text
        let node: Node?
        do {
            node = try Yams.compose(yaml: text)
        } catch let error as YamlError {
            throw HostError(code: .settings, message: "\(path)\(Self.explain(error))", cause: error)
        }
        switch node {
        case nil: self.root = Node.Mapping([])
        case .mapping(let mapping): self.root = mapping
        case .some(let node):
            // An empty document, or one of comments only, is a null.
            if node.tag.rawValue == Tag.Name.null.rawValue {
                self.root = Node.Mapping([])
                return
            }
            throw Self.error(path, node, "found \(Self.kind(node)) where a map of keys and values has to stand")
        }
    }

    static func error(_ path: String, _ node: Node, _ message: String) -> HostError {
        HostError(code: .settings, message: "\(self.place(path, node)): \(message)")
    }

    /// What stands below a dotted key: a map; nil: none does.
    func mapping(at key: String) -> Node.Mapping? {
        var below = Node.mapping(self.root)
        var rest = key[...]
        while !rest.isEmpty {
            guard let (_, value, length) = Self.step(into: below, rest) else { return nil }
            below = value
            rest = rest.dropFirst(length + 1)
        }
        return below.mapping
    }

    /// The single values below a dotted key, by their dotted names; lists as JSON.
    func leaves(at key: String) -> [(String, String)] {
        func leaves(_ mapping: Node.Mapping, _ prefix: String) -> [(String, String)] {
            mapping.flatMap { key, node -> [(String, String)] in
                let name = prefix + (key.scalar?.string ?? "")
                if let inner = node.mapping { return leaves(inner, name + ".") }
                return [(name, node.scalar?.string ?? JSONText.of(node))]
            }
        }
        return self.mapping(at: key).map { leaves($0, "") } ?? []
    }

    /// File and line of a dotted key, or, where it is not there, of the nearest that it would stand below.
    func place(of key: String) -> String {
        var found: Node?
        var below = Node.mapping(self.root)
        var rest = key[...]
        while !rest.isEmpty, let (node, value, length) = Self.step(into: below, rest) {
            found = node
            below = value
            // And the dot.
            rest = rest.dropFirst(length + 1)
        }
        return Self.place(self.path, found)
    }

    /// What the beginning of a dotted key names, and how many characters that takes; a key may have dots in it itself.
    private static func step(into node: Node, _ key: Substring) -> (Node, Node, Int)? {
        switch node {
        case .mapping(let mapping):
            let names = mapping.compactMap { pair in pair.key.scalar.map { (pair.key, pair.value, $0.string) } }
            let named = names.filter { key == $0.2 || key.hasPrefix($0.2 + ".") }.max { $0.2.count < $1.2.count }
            return named.map { ($0.0, $0.1, $0.2.count) }
        case .sequence(let sequence):
            let digits = key.prefix { $0 != "." }
            guard let index = Int(digits), sequence.indices.contains(index) else { return nil }
            return (sequence[index], sequence[index], digits.count)
        case .scalar, .alias: return nil
        }
    }

    static func place(_ path: String, _ node: Node?) -> String {
        "\(path)\((node?.mark).map { ":\($0.line)" } ?? "")"
    }

    private static func read(_ path: String) throws -> String {
        guard let file = fopen(path, "re") else {
            throw HostError(code: .settings, message: "\(path): cannot be read: \(String(cString: strerror(errno)))")
        }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = fread(&part, 1, part.count, file)
            guard count > 0 else { break }
            bytes.append(contentsOf: part[..<count])
            guard bytes.count <= Self.largest else {
                throw HostError(
                    code: .settings,
                    message: "\(path): is larger than \(Self.largest >> 20) MiB: is it a settings file?"
                )
            }
        }
        guard ferror(file) == 0 else {
            throw HostError(code: .settings, message: "\(path): cannot be read: \(String(cString: strerror(errno)))")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw HostError(code: .settings, message: "\(path): is not UTF-8: save it as UTF-8")
        }
        return text
    }

    /// The largest file that is read.
    static let largest = 4 << 20

    private static func explain(_ error: YamlError) -> String {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return ":\(mark.line): \(problem) (column \(mark.column))"
        case .duplicatedKeysInMapping(let duplicates, let context):
            let names = duplicates.sorted().map { "'\($0)'" }.joined(separator: ", ")
            return ":\(context.mark.line): the key \(names) stands here twice: remove one"
        default: return ": \(String(describing: error).split(separator: "\n").first ?? "cannot be parsed")"
        }
    }

    static func kind(_ node: Node) -> String {
        switch node {
        case .scalar: "a single value"
        case .sequence: "a list"
        case .mapping: "a map"
        case .alias: "an alias"
        }
    }
}
