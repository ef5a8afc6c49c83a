import HTTPServer
import RoostSystem
public import StaticFiles

/// Files that the host serves itself: a path and the folder that is served there. As an option
/// `/static=public,index=index.html`; in a settings file a path with a map of options.
public struct StaticEntry: Sendable, Hashable, CustomStringConvertible {
    /// The decoded path, like a mount's: "" for the root.
    public let path: String
    public let folder: StaticFolder

    /// Throws `MountFault`.
    public init(path: String, folder: StaticFolder) throws(MountFault) {
        guard !path.contains("=") else { throw MountFault("'\(path)' contains =; name a path without it") }
        self.path = try Mount(path: path).path
        self.folder = folder
    }

    /// Parses `PATH=FOLDER[,immutable=PATTERN][,index=NAME][,fallback=NAME][,max-age=SECONDS]`. A relative folder is one
    /// below the working directory. Throws `MountFault`.
    package init(_ text: String) throws(MountFault) {
        guard let sign = text.firstIndex(of: "="), text.hasPrefix("/") else {
            throw MountFault("'\(text)' is not PATH=FOLDER; example: /static=public")
        }
        let parts = text[text.index(after: sign)...].split(separator: ",", omittingEmptySubsequences: false)
        guard let path = parts.first, !path.isEmpty else { throw MountFault("'\(text)' names no folder") }
        var folder = StaticFolder(path: WorkingFolder.absolute(String(path)))
        for part in parts.dropFirst() {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            try Self.set(pair[0], [pair.count == 2 ? pair[1] : ""], of: &folder)
        }
        try self.init(path: String(text[..<sign]), folder: folder)
    }

    /// The form that `init` accepts.
    public var description: String {
        let folder = self.folder
        var parts = ["\(self.path.isEmpty ? "/" : self.path)=\(folder.path)"]
        parts += folder.immutable.map { "immutable=\($0)" }
        parts += [("index", folder.index), ("fallback", folder.fallback), ("max-age", folder.maxAge.map(String.init))]
            .compactMap { name, value in value.map { "\(name)=\($0)" } }
        return parts.joined(separator: ",")
    }

    private static func set(_ name: String, _ values: [String], of folder: inout StaticFolder) throws(MountFault) {
        for value in values where value.isEmpty || value.contains(",") {
            throw MountFault("'\(name)': '\(value)' is empty or contains a comma")
        }
        switch name {
        case "immutable": folder.immutable += values
        case "index":
            guard !values[0].contains("/") else { throw MountFault("'index': '\(values[0])' is not a file name") }
            folder.index = values[0]
        case "fallback":
            guard !values[0].hasPrefix("/") else {
                throw MountFault("'fallback': '\(values[0])' is not a path below the folder")
            }
            folder.fallback = values[0]
        case "max-age":
            guard let seconds = Int(values[0]), 0...Self.longestAge ~= seconds else {
                throw MountFault("'max-age': '\(values[0])' is not a number of seconds from 0 to \(Self.longestAge)")
            }
            folder.maxAge = seconds
        default:
            let names = Self.schema.keys.map(\.name).filter { $0 != "folder" }
            throw MountFault("'\(name)' is unknown; known: \(names.joined(separator: ", "))")
        }
    }

    /// A year; longer values are treated like it (RFC 9111).
    private static let longestAge = 31_536_000

    // MARK: In settings files

    /// The options of an entry.
    package static let schema = SettingsSchema([
        SettingsKey("folder", .text, "The folder; relative to that of the settings file."),
        SettingsKey(
            "immutable", .texts, standard: "none",
            "Patterns of file names that contain a hash of the contents, which clients keep for a year; or 'hashed'."),
        SettingsKey("index", .text, standard: "none", "The file that answers for a folder, like index.html."),
        SettingsKey(
            "fallback", .text, standard: "none",
            "The file that answers for a page that does not exist, like index.html, for pages made in the browser."),
        SettingsKey(
            "max-age", .text, standard: "none", "How long clients keep other files without asking, in seconds."),
    ])

    /// Reads the map of the key `static`: paths, each with a folder or a map of options. Throws `HostError`.
    static func read(_ values: SettingsValues) throws -> [StaticEntry] {
        try (values.map("static") ?? SettingsMap()).map { entry in
            let prefix = "\(values.prefix)static.\(entry.name)"
            var options: [(String, [String])] = []
            var path = entry.value.text
            if let map = entry.value.map {
                let read = try Self.schema.read(map, in: values.file, below: prefix + ".")
                path = read.text("folder")
                options = read.names.filter { $0 != "folder" }.map { ($0, read.texts($0)) }
            }
            guard let path, !path.isEmpty, !path.contains(",") else {
                throw SettingsFile.error(
                    values.file.path, entry.line, "'\(prefix)' names no folder; example: {folder: public}")
            }
            var folder = StaticFolder(path: WorkingFolder.absolute(path, below: values.folder))
            do throws(MountFault) {
                for (name, texts) in options { try Self.set(name, texts, of: &folder) }
                return try StaticEntry(path: entry.name, folder: folder)
            } catch { throw SettingsFile.error(values.file.path, entry.line, "'\(prefix)' \(error.message)") }
        }
    }
}
