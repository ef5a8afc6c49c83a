import CASGI
import HTTPServer
import Yams

/// The settings of one application, as `setting(id, key)` hands them out. Immutable; what a generation has lives as long as the
/// process. [any]
final class ApplicationSettings: @unchecked Sendable {
    private let values: [String: UnsafePointer<asgi_string>]
    /// Nil: there is none.
    private let file: SettingsFile?
    /// The key in the file that they stand below, with its dot.
    private let prefix: String

    /// `place`: the key that they stand below in the file; "": all keys but the host's. `folder`: that of the module's file. Throws
    /// `HostError` for a key that is no word.
    init(_ file: SettingsFile?, at place: String = "", folder: String) throws {
        self.file = file
        self.prefix = place.isEmpty ? "" : "\(place)."
        var texts = ["roost.folder": folder, "": "{}"]
        if let file {
            let pairs = (file.mapping(at: place) ?? Node.Mapping([])).filter { key, _ in
                !place.isEmpty || !HostSettings.isHost(key.scalar?.string ?? "")
            }
            let own = Node.Mapping(pairs.map { ($0.key, $0.value) })
            texts[""] = JSONText.of(own)
            texts["roost.settings"] = file.resolved
            try Self.collect(own, below: "", in: file.path, into: &texts)
        }
        self.values = texts.mapValues(Self.copy)
    }

    /// Of an application whose settings are not read yet.
    static let none = ApplicationSettings()

    private init() {
        self.values = [:]
        self.file = nil
        self.prefix = ""
    }

    deinit {
        for value in self.values.values {
            value.pointee.data?.deallocate()
            value.deallocate()
        }
    }

    /// What an operator is told about a setting that the application refuses: file and line of the key, or of what it
    /// would stand below.
    func complaint(about key: String, _ message: String) -> String {
        guard let file else { return "setting '\(key)': \(message) (there is no settings file)" }
        return "\(file.place(of: self.prefix + key)): '\(key)' \(message)"
    }

    /// Whether the other's values are the same, wherever they stand.
    func isSame(as other: ApplicationSettings) -> Bool {
        self.values.count == other.values.count
            && self.values.allSatisfy { key, value in
                other.values[key].map { Octets(value.pointee).equals(Octets($0.pointee)) } ?? false
            }
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

    private static func copy(_ text: String) -> UnsafePointer<asgi_string> {
        let utf8 = Array(text.utf8)
        let bytes = UnsafeMutablePointer<CChar>.allocate(capacity: max(utf8.count, 1))
        for (index, byte) in utf8.enumerated() { bytes[index] = CChar(bitPattern: byte) }
        let string = UnsafeMutablePointer<asgi_string>.allocate(capacity: 1)
        string.initialize(to: asgi_string(data: UnsafePointer(bytes), size: utf8.count))
        return UnsafePointer(string)
    }
}
