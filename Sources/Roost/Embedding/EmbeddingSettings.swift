import HTTPServer
import RoostDeployment
import RoostModules
import RoostSettings
import RoostSystem

/// The settings of a host in a program that is not Swift: YAML or JSON, checked as a settings file is.
package enum EmbeddingSettings {
    static let schema = SettingsSchema([
        SettingsKey("host", .text, standard: "127.0.0.1", "Where to listen."),
        SettingsKey("port", .text, standard: "8000", "0 takes a free one."),
        SettingsKey("bind", .texts, "Where to listen instead, as the command's --bind."),
        SettingsKey("threads", .text, standard: "1", "Event loops, each a thread."),
        SettingsKey("root-path", .text, "A path that a proxy in front takes away."),
        SettingsKey("app-dir", .text, standard: ".", "Names are looked up below it."),
        SettingsKey("run-dir", .text, "Folder for copies of modules."),
        SettingsKey("probe", .text, "The command roost, which loads each module first."),
        SettingsKey(
            "ws-origins", .texts, standard: "same",
            "Origins whose pages may open WebSockets: same, any, or a list of same and origins."),
        SettingsKey("applications", .maps, "What is served."),
    ])

    private static let applicationSchema = SettingsSchema(
        ApplicationEntry.schema.keys.filter {
            ["module", "name", "mount", "hosts", "settings", "ws-origins"].contains($0.name)
        }
        .map { $0.name == "settings" ? SettingsKey("settings", .text, "Its settings module.") : $0 })

    /// Throws `HostError` with line and key.
    package static func read(_ text: String) throws -> (HostConfiguration, [HostApplication]) {
        let file = try SettingsFile(path: "settings", resolved: nil, text: text)
        let values = try Self.schema.read(file.root, in: file, below: "")
        var configuration = HostConfiguration()
        configuration.folder = values.text("app-dir") ?? "."
        configuration.runDirectory = values.text("run-dir")
        configuration.rootPath = values.text("root-path") ?? ""
        configuration.threads = try Self.number("threads", 1...256, values) ?? 1
        if let origins = try values.origins("ws-origins") { configuration.webSocketOrigins = origins }
        configuration.probe = values.text("probe").map { ModuleProbe(command: $0) }
        let port = try Self.number("port", 0...65535, values) ?? 8000
        configuration.addresses = try values.texts("bind").map { text in
            do { return try BindAddress(text, port: port) } catch { throw values.error("bind", "\(error)") }
        }
        if configuration.addresses.isEmpty {
            let host = values.text("host") ?? "127.0.0.1"
            do {
                configuration.addresses = [.tcp(host: try BindAddress.host(host), port: port)]
            } catch { throw values.error("host", "\(error)") }
        }
        let applications = values.nodes["applications"]?.list ?? []
        return (
            configuration,
            try applications.enumerated().compactMap { number, node in
                try node.map.map { try Self.application($0, in: file, below: "applications.\(number).") }
            }
        )
    }

    /// One application. Throws `HostError`.
    package static func application(_ text: String) throws -> HostApplication {
        let file = try SettingsFile(path: "application", resolved: nil, text: text)
        return try Self.application(file.root, in: file, below: "")
    }

    private static func application(
        _ map: SettingsMap, in file: SettingsFile, below prefix: String
    ) throws -> HostApplication {
        let values = try Self.applicationSchema.read(map, in: file, below: prefix)
        guard let module = values.text("module") else {
            throw HostError(code: .settings, message: "\(file.path): '\(prefix)module' is missing: name the library")
        }
        return .module(
            module, at: values.text("mount") ?? "/", hosts: values.texts("hosts"), name: values.text("name"),
            settings: values.text("settings"), webSocketOrigins: try values.origins("ws-origins"))
    }

    private static func number(
        _ key: String, _ range: ClosedRange<Int>, _ values: SettingsValues
    ) throws -> Int? {
        guard let text = values.text(key) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw values.error(key, "'\(text)' is not between \(range.lowerBound) and \(range.upperBound)")
        }
        return number
    }

    /// What is served where, in one line.
    package static func json(_ addresses: [String], _ applications: [DeployedApplication]) -> String {
        let listed = applications.map { application in
            let members = [
                ("name", application.name), ("version", application.version), ("module", application.module),
                ("mount", application.mountPoint),
            ].map { "\(JSONText.quoted($0.0)):\(JSONText.quoted($0.1))" }
            return "{\(members.joined(separator: ","))}"
        }
        return "{\"addresses\":[\(addresses.map(JSONText.quoted).joined(separator: ","))],"
            + "\"applications\":[\(listed.joined(separator: ","))]}"
    }
}
