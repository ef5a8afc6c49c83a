import RoostSystem

/// A database that the operator declares in `databases`: what applications need to connect to it. The server itself
/// connects to none.
package struct DatabaseEntry: Sendable, Hashable {
    package enum Engine: String, Sendable, CaseIterable {
        case sqlite, postgresql, mysql
    }

    /// The source of the password.
    package enum Password: Sendable, Hashable {
        case file(String)
        case environment(String)
    }

    /// The name in the settings: `default`.
    package let name: String
    package let engine: Engine
    /// The name of the database; for SQLite the absolute path of its file.
    package let database: String
    /// A host name or address, or the folder of a Unix socket, or several with commas; nil for the default of the client
    /// library.
    package let host: String?
    /// A number, or one for each host.
    package let port: String?
    package let user: String?
    package let password: Password?
    /// Further options of the client library, in their order.
    package let options: [Option]
    /// Where it is declared.
    package let place: String

    package struct Option: Sendable, Hashable {
        package let name: String
        package let value: String
    }

    /// The keys of an entry.
    package static let schema = SettingsSchema([
        SettingsKey("engine", .choice(Engine.allCases.map(\.rawValue)), "The kind of the database."),
        SettingsKey(
            "name", .text, "The name of the database; for SQLite the file, relative to the folder of the settings file."
        ),
        SettingsKey(
            "host", .text, standard: "the client library's",
            "The server: a name, an address, or the folder of its Unix socket; several with commas."),
        SettingsKey("port", .text, standard: "the client library's", "The port of the server, or one for each host."),
        SettingsKey("user", .text, standard: "the client library's", "The user to connect as."),
        SettingsKey(
            "password-file", .text, standard: "none",
            "A file with the password, which others must not be able to read."),
        SettingsKey("password-env", .text, standard: "none", "The environment variable with the password."),
        SettingsKey("options", .map, standard: "none", "Further options of the client library, such as sslmode."),
    ])

    /// Reads the map of the key `databases`: names, each with a map. Throws `HostError`.
    static func read(_ values: SettingsValues) throws -> [DatabaseEntry] {
        try (values.map("databases") ?? SettingsMap()).map { entry in
            let prefix = "databases.\(entry.name)"
            guard GroupSettings.isName(entry.name) else {
                throw SettingsFile.error(
                    values.file.path, entry.line,
                    "'\(prefix)': '\(entry.name)' is not a name; use letters, digits, - and _")
            }
            guard let map = entry.value.map else {
                throw SettingsFile.error(
                    values.file.path, entry.line, "'\(prefix)' must be a map; example: {engine: sqlite, name: site.db}")
            }
            if let password = map.first(where: { $0.name == "password" }) {
                throw SettingsFile.error(
                    values.file.path, password.line,
                    "'\(prefix).password' is not supported; write the password to a file, and name it in 'password-file',"
                        + " or name a variable in 'password-env'")
            }
            return try DatabaseEntry(
                entry.name, try Self.schema.read(map, in: values.file, below: "\(prefix)."), entry.line)
        }
    }

    private init(_ name: String, _ values: SettingsValues, _ line: Int) throws {
        let file = values.file
        self.name = name
        self.place = SettingsFile.place(file.path, line)
        guard let engine = values.text("engine").flatMap(Engine.init) else {
            throw SettingsFile.error(
                file.path, line,
                "'\(values.prefix)engine' is missing; one of \(Engine.allCases.map(\.rawValue).joined(separator: ", "))"
            )
        }
        guard let database = values.text("name"), !database.isEmpty else {
            throw SettingsFile.error(file.path, line, "'\(values.prefix)name' is missing; name the database")
        }
        self.engine = engine
        self.host = values.text("host")
        self.port = values.text("port")
        // Several hosts may have a port each, as libpq reads them.
        for text in self.port?.split(separator: ",", omittingEmptySubsequences: false) ?? [] {
            guard let port = Int(text), 1...65535 ~= port else {
                throw values.error("port", "'\(text)' is not a port from 1 to 65535")
            }
        }
        self.user = values.text("user")
        let (secretFile, variable) = (values.text("password-file"), values.text("password-env"))
        guard secretFile == nil || variable == nil else {
            throw values.error("password-env", "and 'password-file' are both set; remove one of them")
        }
        if engine == .sqlite,
            let key = ["host", "port", "user", "password-file", "password-env"].first(where: { values.nodes[$0] != nil }
            )
        {
            throw values.error(key, "has no meaning for SQLite, which is a file; remove it")
        }
        if let variable, !ApplicationEntry.isVariable(variable) {
            throw values.error("password-env", "'\(variable)' is not a variable name; use letters, digits and _")
        }
        let folder = values.folder
        self.database = engine == .sqlite ? WorkingFolder.absolute(database, below: folder) : database
        self.password =
            secretFile.map { .file(WorkingFolder.absolute($0, below: folder)) } ?? variable.map { .environment($0) }
        self.options = try (values.map("options") ?? SettingsMap()).map { option in
            if ["dbname", "host", "port", "user", "password"].contains(option.name) {
                throw SettingsFile.error(
                    file.path, option.line,
                    "'\(values.prefix)options.\(option.name)' is a key of the database itself\(option.name == "password" ? ", 'password-file'" : "")"
                )
            }
            guard let value = option.value.text else {
                throw SettingsFile.error(
                    file.path, option.line, "'\(values.prefix)options.\(option.name)' must be a single value")
            }
            return Option(name: option.name, value: value)
        }
    }

    /// The values for display. The password is not among them.
    package var values: [(key: String, value: String)] {
        var values = [("engine", self.engine.rawValue), ("name", self.database)]
        if let host { values.append(("host", host)) }
        if let port { values.append(("port", port)) }
        if let user { values.append(("user", user)) }
        switch self.password {
        case .file(let path): values.append(("password-file", path))
        case .environment(let name): values.append(("password-env", name))
        case nil: break
        }
        // A URL with a password may be anywhere.
        return values.map { ($0.0, Redaction.shown($0.1)) }
            + self.options.map { ("options.\($0.name)", Redaction.shown($0.value, of: $0.name)) }
    }
}
