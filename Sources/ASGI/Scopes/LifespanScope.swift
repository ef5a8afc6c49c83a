import CASGI

/// The lifespan of the application, passed to `Application.init`. Valid until shutdown.
///
/// ```swift
/// struct Settings: Decodable {
///     var title: String
///     var pageSize: Int?
/// }
///
/// init(_ lifespan: LifespanScope) throws {
///     let settings = try lifespan.settings(Settings.self)
///     lifespan.log(.info, "serving \(settings.title)")
/// }
/// ```
public struct LifespanScope: Sendable {
    let id: asgi_id
    let host: HostReference
    /// The path of the mount: empty, or like `/wiki`.
    public let rootPath: String

    init(_ scope: CScope) {
        self.id = scope.pointee.id
        self.host = HostReference(scope.pointee.host)
        self.rootPath = String(scope.pointee.root_path)
    }

    /// Returns all settings, decoded strictly: a key that `Settings` does not ask for is an error. Thread-safe.
    ///
    /// Throws `SettingsError` with the key at fault. If `Application.init` rethrows it, the startup fails and the host
    /// names the file and line.
    public func settings<Settings: Decodable>(_ type: Settings.Type) throws(SettingsError) -> Settings {
        try SettingsDecoder.decode(type, json: self.setting("") ?? "{}")
    }

    /// Returns a setting by its dotted key: strings as they are, all other values as JSON; nil if there is none.
    /// Thread-safe.
    public func setting(_ key: String) -> String? { self.host.setting(self.id, key) }

    /// The folder of the module's file.
    public var folder: String? { self.setting("roost.folder") }
    /// The path of the settings module's file; nil if there is no file. Relative paths in the file should be resolved
    /// from its folder.
    public var settingsFile: String? { self.setting("roost.settings") }

    /// The folders with the application's templates, in the order in which they are searched; empty if none are declared.
    ///
    /// Templates may be read once, at startup: a changed template is a new version of the application.
    public var templateFolders: [String] {
        guard case .array(let folders) = try? JSONReader.read((self.setting("roost.templates") ?? "[]").utf8) else {
            return []
        }
        return folders.compactMap { folder in
            if case .string(let path) = folder { path } else { nil }
        }
    }

    /// Writes a line to the host's log, with the application's name. Thread-safe.
    public func log(_ level: LogLevel, _ message: String) { self.host.log(self.id, level, message) }

    /// Sends messages to groups of WebSockets. Valid until shutdown.
    public var broadcast: Broadcast { Broadcast(self.id, self.host) }
}
