import CASGI

/// The application itself, from its start to its stop: what `Application.init` is given. Valid until shutdown.
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
    /// Where the application is mounted: empty, or like `/wiki`.
    public let rootPath: String

    init(_ scope: CScope) {
        self.id = scope.pointee.id
        self.host = HostReference(scope.pointee.host)
        self.rootPath = String(scope.pointee.root_path)
    }

    /// All settings, decoded: strictly, so that a key that `Settings` does not ask for is an error. [any]
    ///
    /// Throws `SettingsError` with the key at fault; thrown on from `Application.init` it refuses the start, and the host
    /// names the file and the line.
    public func settings<Settings: Decodable>(_ type: Settings.Type) throws(SettingsError) -> Settings {
        try SettingsDecoder.decode(type, json: self.setting("") ?? "{}")
    }

    /// A value by its dotted key: texts as they are, everything else as JSON; nil: there is none. [any]
    public func setting(_ key: String) -> String? { self.host.setting(self.id, key) }

    /// The folder of the module's file.
    public var folder: String? { self.setting("roost.folder") }
    /// The path of the settings module's file, which relative paths in it are best taken from; nil: there is no file.
    public var settingsFile: String? { self.setting("roost.settings") }

    /// Writes a line to the host's log, with the application's name. [any]
    public func log(_ level: LogLevel, _ message: String) { self.host.log(self.id, level, message) }

    /// Messages to groups of WebSockets, for as long as the application runs.
    public var broadcast: Broadcast { Broadcast(self.id, self.host) }
}
