package import CASGI
import HTTPServer
package import RoostSettings
import RoostSystem

/// The settings of one application, as `setting(id, key)` returns them. Immutable; a generation's settings live as long
/// as the process. Thread-safe.
// SAFETY: the strings are written in `init` only.
package final class ApplicationSettings: @unchecked Sendable {
    private let values: [String: UnsafePointer<asgi_string>]
    /// The settings file; nil if there is none.
    private let file: SettingsFile?
    /// The key in the file below which the settings are, with a dot at its end.
    private let prefix: String

    /// `place`: the key in the file below which the settings are; if empty, all keys except the host's. `folder`: the
    /// folder of the module's file. `others`: values of the host besides, by keys that begin with "roost.". Throws
    /// `HostError` for a reserved or duplicate key, or too large settings.
    package init(
        _ file: SettingsFile?, at place: String = "", folder: String, others: [String: String] = [:]
    ) throws {
        self.file = file
        self.prefix = place.isEmpty ? "" : "\(place)."
        var texts = others.merging(["roost.folder": folder, "": "{}"]) { $1 }
        if let file {
            var own = file.map(at: place) ?? SettingsMap()
            if place.isEmpty { own.entries.removeAll { HostSettings.isHost($0.name) } }
            texts[""] = JSONText.of(own)
            texts["roost.settings"] = file.resolved
            var size = 0
            try Self.collect(own, below: "", in: file.path, into: &texts, &size)
        }
        self.values = texts.mapValues(Self.copy)
    }

    /// The settings of an application that have not been read yet.
    package static let none = ApplicationSettings()

    private init() {
        self.values = [:]
        self.file = nil
        self.prefix = ""
    }

    private init(_ other: ApplicationSettings, adding texts: [String: String]) {
        self.file = other.file
        self.prefix = other.prefix
        let all = other.values.mapValues { Octets($0.pointee).text }.merging(texts) { $1 }
        self.values = all.mapValues(Self.copy)
    }

    /// The same settings with further values of the host, by keys that begin with "roost.".
    package func adding(_ texts: [String: String]) -> ApplicationSettings {
        ApplicationSettings(self, adding: texts)
    }

    deinit {
        for value in self.values.values {
            value.pointee.data?.deallocate()
            value.deallocate()
        }
    }

    /// The message for the operator about a setting that the application refuses: file and line of the key, or, if the
    /// key is missing, of the nearest key above it.
    package func complaint(about key: String, _ message: String) -> String {
        let message = self.masked(message, key)
        guard let file else { return "setting '\(key)': \(message) (no settings file)" }
        return "\(file.place(of: self.prefix + key)): '\(key)': \(message)"
    }

    /// A module's message about a key with the value masked if needed: the message may quote the value.
    private func masked(_ message: String, _ key: String) -> String {
        guard let value = self.values[key], value.pointee.size > 0 else { return message }
        let bytes = UnsafeRawBufferPointer(start: value.pointee.data, count: value.pointee.size)
        let text = String(decoding: bytes, as: UTF8.self)
        return Redaction.masked(message, quoting: text, of: key)
    }

    /// Whether both have the same values, wherever they are in their files.
    package func isSame(as other: ApplicationSettings) -> Bool {
        self.values.count == other.values.count
            && self.values.allSatisfy { key, value in
                other.values[key].map { Octets(value.pointee).equals(Octets($0.pointee)) } ?? false
            }
    }

    /// The value of a dotted key, or nil if there is none.
    package func value(_ key: String) -> UnsafePointer<asgi_string>? { self.values[key] }

    /// Limit of the memory of one application's settings, in bytes: values with their dotted keys. A map counts both as
    /// a whole and by each of its keys.
    package static let largest = 64 << 20

    private static func collect(
        _ map: SettingsMap, below prefix: String, in path: String, into texts: inout [String: String], _ size: inout Int
    ) throws {
        for entry in map {
            let key = prefix + entry.name
            let text = Self.text(of: entry.value)
            size += key.utf8.count + text.utf8.count
            guard size <= Self.largest else {
                throw SettingsFile.error(
                    path, entry.line, "the settings take more than \(Self.largest >> 20) MiB in memory; shorten them")
            }
            guard texts.updateValue(text, forKey: key) == nil else {
                throw SettingsFile.error(
                    path, entry.line,
                    key.isEmpty || key.hasPrefix("roost.")
                        ? "the key '\(key)' is reserved; rename it"
                        : "duplicate key '\(ShownText.of(key))', once with a dot and once as a map; remove one of them")
            }
            if let inner = entry.value.map { try Self.collect(inner, below: "\(key).", in: path, into: &texts, &size) }
        }
    }

    /// The text of a value: a string as written, any other value as JSON.
    private static func text(of node: SettingsNode) -> String {
        guard case .scalar(let scalar) = node.content, scalar.kind == .text else { return JSONText.of(node) }
        return scalar.text
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
