import Logging
import RoostDeployment
import RoostModules
import RoostSettings
import RoostSystem

/// Settings that a program passes to its host: YAML or JSON, checked like a settings file. The options are those of the
/// command's key `server`.
package enum EmbeddingSettings {
    /// The options that an embedded host accepts.
    static let options = OptionTable.all.filter { $0.declaration.refusal == nil }

    private static let applicationsKey = SettingsKey("applications", .maps, "Applications to serve.")

    /// The keys that are not options.
    static let ownKeys = [
        SettingsKey("probe", .text, "Path of the command roost, which loads each module in a child process first."),
        Self.applicationsKey,
    ]

    private static let schema = SettingsSchema(Self.options.map(\.key) + Self.ownKeys)

    private static let applicationSchema = SettingsSchema(
        ApplicationEntry.schema.keys.filter {
            ["module", "name", "mount", "hosts", "settings", "ws-origins"].contains($0.name)
        }
        .map { $0.name == "settings" ? SettingsKey("settings", .text, "Its settings module.") : $0 })

    /// The defaults of an embedded host. The access log is off, since standard output belongs to the program.
    package static var defaults: ServerOptions {
        var options = ServerOptions()
        options.process.logsAccess = false
        return options
    }

    /// Reads options and applications. Throws `HostError` with line and key.
    package static func read(_ text: String) throws -> (HostConfiguration, [HostApplication]) {
        let file = try SettingsFile(path: "settings", resolved: nil, text: text)
        let values = try Self.values(of: file)
        let applications = values.nodes[Self.applicationsKey.name]?.list ?? []
        return (
            try Self.configuration(values),
            try applications.enumerated().compactMap { number, node in
                try node.map.map { try Self.application($0, in: file, below: "applications.\(number).") }
            }
        )
    }

    /// Reads options only. Throws `HostError` with line and key.
    static func configuration(_ text: String) throws -> HostConfiguration {
        let values = try Self.values(of: try SettingsFile(path: "settings", resolved: nil, text: text))
        guard values.nodes[Self.applicationsKey.name] == nil else {
            throw values.error(Self.applicationsKey.name, "is not part of a configuration; pass applications to Host")
        }
        return try Self.configuration(values)
    }

    private static func values(of file: SettingsFile) throws -> SettingsValues {
        for entry in file.root {
            guard let refusal = OptionTable.option(named: entry.name)?.declaration.refusal else { continue }
            throw SettingsFile.error(
                file.path, entry.line, "'\(entry.name)' is an option of the command roost only: \(refusal)")
        }
        return try Self.schema.read(file.root, in: file, below: "")
    }

    private static func configuration(_ values: SettingsValues) throws -> HostConfiguration {
        let given = Self.options.filter { values.nodes[$0.name] != nil }.map {
            GivenOption($0, values.texts($0.name), .program(values.place($0.name)))
        }
        guard values.nodes["probe-timeout"] == nil || values.nodes["probe"] != nil else {
            throw values.error(
                "probe-timeout", "needs 'probe', the command that loads modules in a child process first")
        }
        let (files, configuration) = try Self.configuration(of: given, values)
        guard let files else { return configuration }
        var secured = configuration
        secured.tls = try files.read(trust: configuration.trust)
        return secured
    }

    /// The configuration, and the files of its certificates; nil without TLS.
    private static func configuration(
        of given: [GivenOption], _ values: SettingsValues
    ) throws -> (TLSFiles?, HostConfiguration) {
        do throws(OptionError) {
            let options = try ServerOptions(given, defaults: Self.defaults)
            try options.check(.key)
            var configuration = options.host
            configuration.addresses = try options.listen.addresses(.key)
            configuration.probe = values.text("probe").map { ModuleProbe(command: $0, time: options.probeTime) }
            // The program's logger keeps its own level unless `log-level` is set.
            if values.nodes["log-level"] != nil { configuration.logger.logLevel = options.process.logLevel }
            configuration.access = options.process.logsAccess ? Self.accessLog : nil
            return (options.tls.files(adding: []), configuration)
        } catch {
            throw HostError(
                code: .settings, message: "\(error.origin(among: given)?.text ?? values.file.path): \(error.message)",
                cause: error)
        }
    }

    /// One writer per process, since its thread never ends.
    private static let accessLog = LineWriter(descriptor: 1)

    /// Reads one application. Throws `HostError`.
    package static func application(_ text: String) throws -> HostApplication {
        let file = try SettingsFile(path: "application", resolved: nil, text: text)
        return try Self.application(file.root, in: file, below: "")
    }

    private static func application(
        _ map: SettingsMap, in file: SettingsFile, below prefix: String
    ) throws -> HostApplication {
        let values = try Self.applicationSchema.read(map, in: file, below: prefix)
        guard let module = values.text("module") else {
            throw HostError(code: .settings, message: "\(file.path): '\(prefix)module' is missing; name the library")
        }
        return .module(
            module, at: values.text("mount") ?? "/", hosts: values.texts("hosts"), name: values.text("name"),
            settings: values.text("settings"), webSocketOrigins: try values.origins("ws-origins"))
    }

    /// Returns the addresses and the applications as one line of JSON.
    package static func json(_ addresses: [String], _ applications: [DeployedApplication]) -> String {
        let listed = applications.map { application in
            let members = [
                ("name", application.name), ("version", application.version), ("module", application.module),
                ("mount", application.mountPoint),
            ].map { "\(JSONString.quoted($0.0)):\(JSONString.quoted($0.1))" }
            return "{\(members.joined(separator: ","))}"
        }
        return "{\"addresses\":[\(addresses.map(JSONString.quoted).joined(separator: ","))],"
            + "\"applications\":[\(listed.joined(separator: ","))]}"
    }
}

extension HostConfiguration {
    /// Creates a configuration from YAML or JSON with the options of the command's key `server`:
    /// `{port: 0, threads: 2, log-level: debug, access-log: true}`.
    ///
    /// `Documentation/reference/options.md` lists all options; those of the command's processes are refused. Throws `HostError`
    /// with line and key.
    public init(settings text: String) throws { self = try EmbeddingSettings.configuration(text) }
}
