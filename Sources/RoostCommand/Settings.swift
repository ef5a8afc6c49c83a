import ArgumentParser
import Glibc
import Roost
import RoostDeployment
import RoostModules
import RoostSettings
import RoostSystem

/// `roost settings`.
struct Settings: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the settings in effect and the source of each.",
        discussion: """
            Accepts the arguments of roost serve. Precedence: the command line, the environment (ROOST_PORT=9000), the settings file \
            (server: {port: 9000}), the defaults.
            """
    )

    @Argument(help: "The module to show the settings for.")
    var module: String?

    @Flag(help: "Show the meaning, values and default of every setting instead.")
    var explain = false

    @OptionGroup
    var options: OptionArguments

    func run() throws {
        let terminal = Terminal.output
        guard !self.explain else { return terminal.write(Self.explanation(terminal)) }
        for sentence in UnknownVariables().sentences { Terminal.error.write("roost: \(sentence)\n") }
        let start = try Start(module: self.module, typed: self.options.given)
        terminal.write(try Self.text(try Self.withSettingsOfModule(start), terminal))
    }

    /// Reads the settings file that the module itself selects, which is known after the module was loaded in a child.
    private static func withSettingsOfModule(_ start: Start) throws -> Start {
        guard start.module != nil, start.settings == nil, !start.options.process.readsNoSettings else { return start }
        let run = try RunDirectory.make(start.options.host.runDirectory, trust: start.options.host.trust)
        defer { run.remove() }
        let scan = try start.deployment().scan(run: run)
        guard case .success(let application)? = scan.declared.first(where: \.isRequired)?.preparation else {
            return start
        }
        return try start.reading(settingsOf: application) ?? start
    }

    // MARK: Settings in force

    private static func text(_ start: Start, _ terminal: Terminal) throws -> String {
        var rows: [Row] = []
        let given = Dictionary(uniqueKeysWithValues: start.layers.given.map { ($0.option.name, $0) })
        for option in OptionTable.all where option.declaration.scope > .commandLine {
            let (own, name) = (given[option.name], "server.\(option.name)")
            let value = own.map { $0.values.joined(separator: " ") } ?? option.standard
            let shown = option.declaration.isSecret && own != nil ? Redaction.mask : Redaction.shown(value)
            rows.append(Row(name, shown, own?.origin.text ?? "default", isOwn: own != nil))
        }
        let module = start.settings.map { "\($0.name)\(start.file.map { " (\($0.path))" } ?? "")" } ?? start.file?.path
        for group in start.host?.groups ?? [] { rows += Self.rows(group) }
        rows.insert(
            Row("settings module", module ?? ("none"), "", isOwn: false),
            at: 0)
        let deployment = try start.deployment()
        for folder in deployment.folders {
            rows.append(
                Row(
                    "modules", folder, start.host?.modules.isEmpty == false ? start.host!.modulesPlace : "", isOwn: true
                ))
        }
        for folder in start.host?.templates ?? [] {
            rows.append(Row("templates", folder, start.file?.path ?? "", isOwn: true))
        }
        for database in start.host?.databases ?? [] {
            rows += database.values.map {
                Row("databases.\(database.name).\($0.key)", $0.value, database.place, isOwn: true)
            }
        }
        for entry in deployment.entries { rows += Self.rows(entry) }
        return Self.columns(rows, terminal)
    }

    private static func rows(_ group: GroupSettings) -> [Row] {
        group.options.names.flatMap { name in
            let (key, place) = ("server.groups.\(group.name).\(name)", group.options.place(name))
            guard name == "environment" else {
                return [
                    Row(
                        key, Redaction.shown(group.options.texts(name).joined(separator: " "), of: name), place,
                        isOwn: true)
                ]
            }
            return group.environment.sorted { $0.key < $1.key }.map { variable in
                Row("\(key).\(variable.key)", Redaction.shown(variable.value, of: variable.key), place, isOwn: true)
            }
        }
    }

    private static func rows(_ entry: ApplicationEntry) -> [Row] {
        let place = entry.place.isEmpty ? "command line" : entry.place
        var rows = [Row("\(entry.mount)", entry.module.text, place, isOwn: true)]
        for (key, value, place) in entry.values {
            rows.append(Row("  \(key)", value, place, isOwn: true))
        }
        return rows
    }

    private struct Row {
        let name: String
        let value: String
        let origin: String
        let isOwn: Bool

        init(_ name: String, _ value: String, _ origin: String, isOwn: Bool) {
            self.name = name
            self.value = value
            self.origin = origin
            self.isOwn = isOwn
        }
    }

    private static func columns(_ rows: [Row], _ terminal: Terminal) -> String {
        let name = rows.map(\.name.count).max() ?? 0
        let value = min(rows.map(\.value.count).max() ?? 0, 40)
        return rows.map { row in
            let text =
                row.name + String(repeating: " ", count: name - row.name.count + 2)
                + (row.isOwn ? terminal.bold(row.value) : row.value)
            guard !row.origin.isEmpty else { return text + "\n" }
            return text + String(repeating: " ", count: max(value - row.value.count, 0) + 2) + terminal.dim(row.origin)
                + "\n"
        }.joined()
    }

    // MARK: Explanation

    private static func explanation(_ terminal: Terminal) -> String {
        var text = """
            A settings file is YAML or JSON: the settings module wiki.production is wiki/production.yaml below --app-dir.
            The environment (ROOST_PORT) takes precedence over it, and the command line (--port) over both.

            """
        text += Self.explain(HostSettings.schema, below: "", terminal)
        text += Self.explain(DatabaseEntry.schema, below: "databases.NAME.", terminal)
        text += Self.explain(TLSEntry.schema, below: "tls.", terminal)
        text += Self.explain(TLSEntry.certificateSchema, below: "tls.certificates[].", terminal)
        text += Self.explain(ApplicationEntry.schema, below: "applications[].", terminal)
        text +=
            "A file beside a library of the drop-in folder, wiki.yaml beside wiki.so, has the same keys, except 'module'.\n\n"
        text += Self.explain(OptionLayers.schema, below: "server.", terminal)
        text += Self.explain(SettingsSchema([HostSettings.groupsKey]), below: "server.", terminal)
        let ofGroup = SettingsSchema(OptionLayers.groupSchema.keys + [GroupSettings.environmentKey])
        text += "  of a group: \(ofGroup.keys.map(\.name).joined(separator: ", "))\n"
        return text
    }

    private static func explain(_ schema: SettingsSchema, below prefix: String, _ terminal: Terminal) -> String {
        schema.keys.map { key in
            let standard = key.standard.map { $0.isEmpty ? "" : "; default: \($0)" } ?? ""
            return """
                \(terminal.bold(prefix + key.name))  \(terminal.dim(key.values + standard))
                    \(key.meaning)\n
                """
        }.joined() + "\n"
    }
}
