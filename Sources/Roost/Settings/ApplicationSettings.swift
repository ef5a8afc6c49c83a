import CASGI
import Yams

/// The settings of one application, as `setting(id, key)` hands them out. Immutable; lives as long as its generation,
/// which is as long as the process. [any]
final class ApplicationSettings: @unchecked Sendable {
    private let values: [String: UnsafePointer<asgi_string>]
    /// Nil: there is none.
    private let file: SettingsFile?

    /// `folder`: that of the module's file. Throws `HostError` for a key that is no word.
    init(_ file: SettingsFile?, folder: String) throws {
        self.file = file
        var texts = ["roost.folder": folder, "": file.map { JSONText.of($0.root) } ?? "{}"]
        if let file {
            texts["roost.settings"] = file.resolved
            try Self.collect(file.root, below: "", in: file.path, into: &texts)
        }
        self.values = texts.mapValues(Self.lasting)
    }

    /// What an operator is told about a setting that the application refuses: file and line of the key, or of what it
    /// would stand below.
    func complaint(about key: String, _ message: String) -> String {
        guard let file else { return "setting '\(key)': \(message) (there is no settings file)" }
        return "\(file.place(of: key)): '\(key)' \(message)"
    }

    /// The value of a dotted key; nil: there is none.
    func value(_ key: String) -> UnsafePointer<asgi_string>? { self.values[key] }

    private static func collect(
        _ mapping: Node.Mapping, below prefix: String, in path: String, into texts: inout [String: String]
    ) throws {
        for (key, node) in mapping {
            guard let name = key.scalar?.string else {
                throw SettingsFile.error(path, key, "found \(SettingsFile.kind(key)) where a key has to stand")
            }
            if case .alias = node {
                throw SettingsFile.error(path, node, "an alias stands here: write the value out")
            }
            let isText = node.scalar != nil && node.tag.rawValue == Tag.Name.str.rawValue
            texts[prefix + name] = isText ? node.scalar?.string : JSONText.of(node)
            if case .mapping(let inner) = node {
                try Self.collect(inner, below: "\(prefix)\(name).", in: path, into: &texts)
            }
        }
    }

    private static func lasting(_ text: String) -> UnsafePointer<asgi_string> {
        let utf8 = Array(text.utf8)
        let bytes = UnsafeMutablePointer<CChar>.allocate(capacity: max(utf8.count, 1))
        for (index, byte) in utf8.enumerated() { bytes[index] = CChar(bitPattern: byte) }
        let string = UnsafeMutablePointer<asgi_string>.allocate(capacity: 1)
        string.initialize(to: asgi_string(data: UnsafePointer(bytes), size: utf8.count))
        return UnsafePointer(string)
    }
}
