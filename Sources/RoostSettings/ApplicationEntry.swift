package import RoostSystem
import StaticFiles

/// The declaration of one application: on the command line, in `applications`, by a file in a drop-in folder, or by an
/// embedding program.
package struct ApplicationEntry: Sendable {
    /// The source of the application's settings.
    package enum Settings: Sendable {
        /// Not declared: the module's default.
        case usual
        /// A settings module. `place`: where it is named.
        case named(String, place: String)
        /// The values in this file below this key ("" for all keys that are not the host's).
        case here(SettingsFile, at: String)
    }

    package private(set) var module: ModuleName
    /// Nil for the module's own name.
    package var name: String?
    package var mount: Mount
    package var settings: Settings
    /// The environment variable that names the settings module to code that reads the environment.
    package var variable: String?
    /// The worker group; nil for the workers that accept connections.
    package var group: String?
    package var lifespan: LifespanMode?
    /// The path of its health check, below its mount.
    package var health: String?
    /// The origins whose pages may open WebSockets; nil for those of the host.
    package var origins: WebSocketOrigins?
    /// The folders whose files the host serves below its mount.
    package private(set) var statics: [StaticEntry] = []
    /// The middleware in front of it, after that of the host.
    package private(set) var middleware: [MiddlewareEntry] = []
    /// The names of the applications that wrap it, the outermost first.
    package private(set) var wrappers: [String] = []
    /// The folders with its templates, absolute; before those of the host.
    package private(set) var templates: [String] = []
    /// The names of the databases whose settings it gets; nil for those of all databases.
    package private(set) var databases: [String]? = []
    /// Where it was declared, for people: "settings.yaml:4", "modules/wiki.so"; empty for the command line.
    package var place: String
    /// Whether the host must not start without it.
    package var isRequired = false

    /// The entry's other values and where they are declared, for display; secrets are masked.
    package var values: [(key: String, value: String, place: String)] {
        var values: [(String, String, String)] = []
        if let name { values.append(("name", name, "")) }
        if let variable { values.append(("variable", variable, "")) }
        if let group { values.append(("worker", group, "")) }
        if let lifespan { values.append(("lifespan", lifespan.rawValue, "")) }
        if let health { values.append(("health", Redaction.shown(health), "")) }
        if let origins { values.append(("ws-origins", origins.description, "")) }
        for entry in self.statics { values.append(("static", entry.description, "")) }
        for entry in self.middleware { values.append(("middleware", entry.description, "")) }
        for folder in self.templates { values.append(("templates", folder, "")) }
        if let databases, !databases.isEmpty { values.append(("databases", databases.joined(separator: ", "), "")) }
        if !self.wrappers.isEmpty { values.append(("wrapped-by", self.wrappers.joined(separator: ", "), "")) }
        switch self.settings {
        case .usual: break
        case .named(let name, _): values.append(("settings", name, ""))
        case .here(let file, let key):
            for (path, value) in Redaction.leaves(of: file.map(at: key) ?? SettingsMap()) {
                values.append(("settings.\(path)", value, file.place(of: "\(key).\(path)")))
            }
        }
        return values
    }

    /// The application of a command line: mounted at the root, and required.
    package init(commandLine module: ModuleName) {
        self.module = module
        self.mount = .root
        self.settings = .usual
        self.place = ""
        self.isRequired = true
        self.databases = nil
    }

    /// An application of an embedding program.
    package init(module: ModuleName, mount: Mount, name: String?, settings: String?) {
        self.module = module
        self.mount = mount
        self.name = name
        self.settings = settings.map { .named($0, place: "settings of \(module.text)") } ?? .usual
        self.place = "the program"
    }

    /// Makes the path of the module absolute.
    package mutating func resolvePath() { self.module = self.module.absolute }

    /// The keys of an entry.
    package static let schema = SettingsSchema([
        SettingsKey(
            "module", .text, "The library: a path, or a name below --app-dir; name:symbol selects another symbol."),
        SettingsKey("name", .text, standard: "the module's own", "Name in logs and in roost status."),
        SettingsKey("mount", .text, standard: "/", "Path at and below which the application is served."),
        SettingsKey(
            "hosts", .texts, standard: "every host",
            "Host names that it serves; *.example.org matches all names below example.org."),
        SettingsKey(
            "settings", .textOrMap, standard: "the module's own",
            "Settings module, like wiki.settings, or a map of settings."),
        SettingsKey(
            "variable", .text,
            "Environment variable that passes on the settings module, like DJANGO_SETTINGS_MODULE."),
        SettingsKey(
            "worker", .text, standard: "the workers that accept connections",
            "Worker group that serves it; server.groups configures groups."),
        SettingsKey(
            "lifespan", .choice(LifespanMode.allCases.map(\.rawValue)), standard: "server.lifespan",
            "Whether the application gets lifespan events."),
        SettingsKey(
            "health", .text,
            "Path for a health check below the mount; the application is mounted only if the response is 2xx or 3xx."),
        SettingsKey(
            "ws-origins", .texts, standard: "server.ws-origins",
            "Origins whose pages may open its WebSockets: same, any, or a list of same and origins."),
        SettingsKey(
            "middleware", .textsOrMaps, standard: "none",
            "Middleware in front of the application, in its order, after that of the host."),
        SettingsKey(
            "wrapped-by", .texts, standard: "none",
            "Names of applications that wrap it, the outermost first: they get its requests, and pass them on to it."),
        SettingsKey(
            "databases", .texts, standard: "none",
            "Names of the databases whose settings the application gets, from the host's key databases."),
        SettingsKey(
            "templates", .texts, standard: "none",
            "Folders with its templates, searched before those of the host; a change of a template is a change of the application."
        ),
        SettingsKey(
            "static", .map,
            "Paths below the mount, each with a folder whose files the host serves, or a map of options."),
    ])

    /// An entry of the list `applications`. Throws `HostError`.
    package init(_ map: SettingsMap, number: Int, in file: SettingsFile) throws {
        let prefix = "applications.\(number)."
        let values = try Self.schema.read(map, in: file, below: prefix)
        let line = map.entries.first?.line
        guard let module = values.text("module") else {
            throw SettingsFile.error(file.path, line, "'\(prefix)module' is missing; name the library")
        }
        do {
            self.module = try ModuleName(module)
        } catch let error as HostError { throw values.error("module", error.message) }
        self.mount = .root
        self.settings = .usual
        self.place = SettingsFile.place(file.path, line)
        try self.read(values)
    }

    /// A library in a drop-in folder. `file`: the settings file beside it. Throws `HostError`.
    package init(dropIn path: String, name: String, beside file: SettingsFile?) throws {
        self.module = try ModuleName(path)
        self.settings = .usual
        self.place = path
        do {
            self.mount = try Mount(path: name == Self.index ? "/" : "/\(name)")
        } catch { throw HostError(code: .module, message: "\(path): its name \(error.message)") }
        guard let file else { return }
        let keys = Self.schema.keys.filter { $0.name != "module" }
        try self.read(try SettingsSchema(keys).read(file.root, in: file, below: ""))
    }

    /// The name of a drop-in library that is mounted at `/` by default.
    package static let index = "index"

    private mutating func read(_ values: SettingsValues) throws {
        self.name = values.text("name")
        self.variable = values.text("variable")
        self.group = try values.text("worker").map { name in
            guard GroupSettings.isName(name) else {
                throw values.error("worker", "'\(name)' is not a group name; use letters, digits, - and _")
            }
            return name
        }
        self.lifespan = values.text("lifespan").flatMap(LifespanMode.init)
        self.health = try values.text("health").map { path in
            guard path.hasPrefix("/"), path.utf8.allSatisfy({ 0x21...0x7e ~= $0 }) else {
                throw values.error("health", "'\(path)' is not a path; example: '/healthz'")
            }
            return path
        }
        self.origins = try values.origins("ws-origins")
        self.middleware = try MiddlewareEntry.read(values)
        self.databases = values.texts("databases")
        self.templates = values.folders("templates")
        self.wrappers = values.texts("wrapped-by")
        if let own = self.name, self.wrappers.contains(own) {
            throw values.error("wrapped-by", "names the application itself, '\(own)'")
        }
        self.statics = try StaticEntry.read(values)
        if let root = self.statics.first(where: { $0.path.isEmpty }) {
            throw values.error(
                "static", "'/' (\(root.folder.path)) would hide the application; name a path below it, like /static")
        }
        let hosts = try values.texts("hosts").map { text in
            do throws(MountFault) { return try HostPattern(text) } catch { throw values.error("hosts", error.message) }
        }
        do throws(MountFault) {
            self.mount = try Mount(
                path: values.text("mount") ?? (self.mount.path.isEmpty ? "/" : self.mount.path), hosts: hosts)
        } catch { throw values.error("mount", error.message) }
        if let name = self.variable, !Self.isVariable(name) {
            throw values.error("variable", "'\(name)' is not a variable name; use letters, digits and _")
        }
        if let name = values.text("settings") {
            self.settings = .named(name, place: "\(values.place("settings")): '\(values.prefix)settings'")
        } else if values.map("settings") != nil {
            self.settings = .here(values.file, at: "\(values.prefix)settings")
        }
    }

    /// A name for a worker group, made of the letters, digits, `-` and `_` of a text.
    package static func groupName(_ text: String, unlike others: Set<String>) -> String {
        let letters = text.filter { GroupSettings.isName(String($0)) }.prefix(60)
        let name = letters.isEmpty ? "python" : String(letters)
        guard others.contains(name) else { return name }
        return (2...).lazy.map { "\(name)-\($0)" }.first { !others.contains($0) } ?? name
    }

    static func isVariable(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
            return false
        }
        return name.utf8.allSatisfy {
            $0 | 0x20 &- UInt8(ascii: "a") < 26 || $0 &- UInt8(ascii: "0") < 10 || $0 == UInt8(ascii: "_")
        }
    }
}

extension SettingsValues {
    /// The folder of the settings file, absolute.
    var folder: String {
        let own = WorkingFolder.absolute(self.file.path)
        return String(own[..<(own.lastIndex(of: "/") ?? own.startIndex)])
    }

    /// The folders of a key, absolute; they are relative to the folder of the settings file.
    func folders(_ key: String) -> [String] { self.texts(key).map { WorkingFolder.absolute($0, below: self.folder) } }

    /// The origins that a key names; nil if the key is missing. Throws `HostError`.
    package func origins(_ key: String) throws -> WebSocketOrigins? {
        let texts = self.texts(key)
        guard !texts.isEmpty else { return nil }
        do throws(MountFault) { return try WebSocketOrigins(texts) } catch { throw self.error(key, error.message) }
    }
}
