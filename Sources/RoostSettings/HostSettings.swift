/// The host's part of a settings file: the keys `server`, `modules`, `applications`,
/// `databases`, `templates`, `middleware`, `static` and `tls`.
package struct HostSettings {
    /// The keys of the host. `server` has a schema of its own: the options of the server.
    package static let schema = SettingsSchema([
        SettingsKey("server", .map, "Options of the server."),
        SettingsKey(
            "modules", .texts,
            "Drop-in folder: each library in it is mounted under its name, and reloaded when it changes."),
        SettingsKey("applications", .maps, "The applications to serve."),
        SettingsKey(
            "middleware", .textsOrMaps, standard: "none",
            "Middleware in front of all applications and files, in its order: names, and maps of a name and its options."
        ),
        SettingsKey(
            "databases", .map,
            "Databases by name, each with a map of engine, name, host, port, user, password-file, password-env and options."
        ),
        SettingsKey(
            "templates", .texts, standard: "none",
            "Folders with templates for all applications, relative to the folder of the settings file."),
        SettingsKey("tls", .map, standard: "none", "Certificates, and the rules for TLS connections."),
        SettingsKey(
            "static", .map, "Paths, each with a folder whose files the host serves itself, or a map of options."),
    ])

    package let server: SettingsValues?
    package let groups: [GroupSettings]
    /// The drop-in folders, and where they are declared.
    package let modules: [String]
    package let modulesPlace: String
    package let applications: [ApplicationEntry]
    /// The folders whose files the host serves, and where they are declared.
    package let statics: [StaticEntry]
    package let staticsPlace: String
    /// The middleware in front of all applications and files.
    package let middleware: [MiddlewareEntry]
    package let middlewarePlace: String

    /// The certificates, and the rules for TLS connections.
    package let tls: TLSEntry

    /// The databases that applications may use.
    package let databases: [DatabaseEntry]

    /// The folders with templates for all applications, absolute.
    package let templates: [String]

    /// `server`: the schema of the key `server`. `group`: the schema of a group's options. `keepsOthers`: whether other
    /// keys are allowed, as an application's own. Throws `HostError`.
    package init(
        _ file: SettingsFile, server: SettingsSchema, group: SettingsSchema, keepsOthers: Bool
    ) throws {
        let server = SettingsSchema(server.keys + [Self.groupsKey])
        let values = try Self.schema.read(file.root, in: file, below: "", others: { _ in keepsOthers })
        self.server = try values.map("server").map { try server.read($0, in: file, below: "server.") }
        self.groups = try (self.server?.map("groups") ?? SettingsMap()).map { entry in
            guard GroupSettings.isName(entry.name), let map = entry.value.map else {
                throw SettingsFile.error(
                    file.path, entry.line, "'server.groups' is a map of names, each with a map of options")
            }
            return try GroupSettings(entry.name, map, group, in: file)
        }
        self.modules = values.texts("modules")
        self.modulesPlace = values.place("modules")
        self.statics = try StaticEntry.read(values)
        self.staticsPlace = values.place("static")
        self.middleware = try MiddlewareEntry.read(values)
        self.middlewarePlace = values.place("middleware")
        self.databases = try DatabaseEntry.read(values)
        self.tls = try TLSEntry(values)
        self.templates = values.folders("templates")
        let entries = values.nodes["applications"]?.list ?? []
        self.applications = try entries.enumerated().compactMap { number, node in
            try node.map.map { try ApplicationEntry($0, number: number, in: file) }
        }
    }

    package static let groupsKey = SettingsKey(
        "groups", .map, "Worker groups: names, each with a map of options.")

    /// Whether a key belongs to the host.
    package static func isHost(_ key: String) -> Bool { Self.schema.keys.contains { $0.name == key } }
}
