import ArgumentParser
import Glibc
import Roost
import RoostDeployment
import RoostSettings
import RoostSystem

/// The options of a start from all sources. In order of precedence: the command line, the environment (`ROOST_PORT`,
/// then `UVICORN_PORT`), the settings file (`server: {port: 8000}`), the defaults.
struct OptionLayers {
    /// The options given on the command line.
    let typed: [GivenOption]
    private let environment: [GivenOption]
    private var file: [GivenOption] = []

    /// Adds the environment to the options of the command line. Throws `HostError`.
    init(typed: [GivenOption]) throws {
        self.typed = typed
        let environment = ProcessEnvironment.atStart
        let own = try OptionTable.all.compactMap { option -> GivenOption? in
            guard let name = option.declaration.variable, let value = environment[name], !value.isEmpty else {
                return nil
            }
            return try GivenOption(option, variable: name, value)
        }
        self.environment = Self.merged([try OtherVariables.given(environment), own])
    }

    /// Adds the options of the key `server` of a settings file.
    mutating func add(_ values: SettingsValues) { self.file = Self.options(of: values) }

    /// Adds a key of a settings file that is not one of `server`.
    mutating func add(_ name: String, _ values: [String], from place: String) {
        guard !values.isEmpty, let option = OptionTable.option(named: name) else { return }
        self.file.append(GivenOption(option, values, .file(place)))
    }

    private static func options(of values: SettingsValues) -> [GivenOption] {
        values.names.compactMap { name in
            OptionTable.option(named: name).map { GivenOption($0, values.texts(name), .file(values.place(name))) }
        }
    }

    /// Each given option from the source with the highest precedence, in the order of the table.
    var given: [GivenOption] { Self.merged([self.file, self.environment, self.typed]) }

    /// Later layers take precedence.
    private static func merged(_ layers: [[GivenOption]]) -> [GivenOption] {
        let byName = Dictionary(layers.joined().map { ($0.option.name, $0) }, uniquingKeysWith: { $1 })
        return OptionTable.all.compactMap { byName[$0.name] }
    }

    /// Returns the values of all options. Throws an error with the source of an invalid option.
    func resolve() throws -> ServerOptions { try ServerOptions(checking: self.given) }

    /// Returns the plan for the workers of a group: the plan of all workers with the group's own options. Throws an
    /// error with the source of an invalid option.
    func plan(of group: GroupSettings) throws -> WorkerPlan {
        let one = OptionTable.option(named: "workers").map { [GivenOption($0, ["1"], .commandLine)] } ?? []
        let given = Self.merged([self.given, one, Self.options(of: group.options)])
        var plan = try ServerOptions(checking: given).workerPlan
        plan.arguments = Self.words(given)
        plan.environment = group.environment
        return plan
    }

    /// The given options as arguments of a worker process.
    var wordsForWorkers: [String] { Self.words(self.given) }

    private static func words(_ given: [GivenOption]) -> [String] {
        given.filter(\.option.declaration.isForWorkers).flatMap(\.words)
    }

    /// Returns the names of the options that environment and file set to other values than in `other`.
    func differences(from other: OptionLayers) -> [String] {
        func given(_ layers: OptionLayers) -> [String: [String]] {
            Dictionary(
                layers.given.filter { $0.origin != .commandLine }.map { ($0.option.name, $0.values) },
                uniquingKeysWith: { $1 })
        }
        let (here, there) = (given(self), given(other))
        // The certificates and their rules are applied by a reload.
        let fixed = Set(OptionTable.all.filter(\.declaration.isForWorkers).map(\.name))
        return Set(here.keys).union(there.keys).filter { here[$0] != there[$0] && fixed.contains($0) }.sorted()
    }

    /// The schema of the key `server` of a settings file.
    static let schema = SettingsSchema(OptionTable.all.filter { $0.declaration.scope >= .file }.map(\.key))

    /// The schema of the options of a group in `server.groups`.
    static let groupSchema = SettingsSchema(OptionTable.all.filter { $0.declaration.scope >= .group }.map(\.key))
}
