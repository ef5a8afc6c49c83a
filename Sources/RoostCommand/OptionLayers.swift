import ArgumentParser
import Glibc
import RoostDeployment
import RoostSettings
import RoostSystem
import Yams

/// The options of a start, from all layers: the command line, the environment (`ROOST_PORT`), the settings file (`server: {port: 8000}`),
/// the defaults. What the options are is declared once, in `ServeOptions`.
struct OptionLayers {
    enum Origin: Equatable {
        case commandLine
        case environment(String)
        /// File and line.
        case file(String)
        case standard

        var text: String {
            switch self {
            case .commandLine: "command line"
            case .environment(let name): "$\(name)"
            case .file(let place): place
            case .standard: "default"
            }
        }
    }

    /// An option as one layer gives it.
    struct Given {
        let option: SettingsKey
        let values: [String]
        let origin: Origin

        /// What is wrong with it by itself.
        var fault: HostError? {
            switch Result(catching: { try ServeOptions.parse(self.words) }) {
            case .success: nil
            case .failure(let error):
                HostError(
                    code: .settings, message: "\(self.origin.text): \(ServeOptions.message(for: error))", cause: error)
            }
        }

        /// As the command line would have it.
        var words: [String] {
            guard self.option.kind == .flag else { return self.values.map { "--\(self.option.name)=\($0)" } }
            return [SettingsValues.flag(self.values[0]) == false ? "--no-\(self.option.name)" : "--\(self.option.name)"]
        }
    }

    /// The words of the command line, without the command.
    let typed: [String]
    private var environment: [Given] = []
    private var file: [Given] = []

    /// Takes the words, and what the environment says. Throws `HostError`.
    init(words: [String]) throws {
        self.typed = words
        for option in Self.options where !Self.unsettable.contains(option.name) {
            let name = Self.variable(of: option.name)
            guard let value = getenv(name).map({ String(cString: $0) }), !value.isEmpty else { continue }
            if option.kind == .flag, SettingsValues.flag(value) == nil {
                throw HostError(code: .settings, message: "$\(name): '\(value)' is not true or false")
            }
            let values = option.kind == .texts ? value.split(separator: " ").map(String.init) : [value]
            self.environment.append(Given(option: option, values: values, origin: .environment(name)))
        }
    }

    /// Takes the key `server` of a settings file.
    mutating func take(_ values: SettingsValues) {
        self.file = values.names.compactMap { name in
            Self.options.first { $0.name == name }.map { option in
                Given(option: option, values: values.texts(name), origin: .file(values.place(name)))
            }
        }
    }

    /// As if all had been typed: of each option only the layer that counts.
    var words: [String] { self.lower.flatMap(\.words) + self.typed }

    /// What counts of the environment and the file.
    private var lower: [Given] {
        let open = { (given: Given) in !self.isTyped(given.option) }
        let environment = self.environment.filter(open)
        let names = Set(environment.map(\.option.name))
        return self.file.filter { open($0) && !names.contains($0.option.name) } + environment
    }

    private func isTyped(_ option: SettingsKey) -> Bool {
        self.typed.prefix { $0 != "--" }.contains {
            $0 == "--\(option.name)" || $0.hasPrefix("--\(option.name)=")
                || (option.kind == .flag && $0 == "--no-\(option.name)")
        }
    }

    /// The options that these layers come to. Throws what is wrong, with its place.
    func parse() throws -> Serve {
        do {
            return try Serve.parse(self.words)
        } catch {
            if let fault = self.lower.lazy.compactMap({ $0.fault }).first { throw fault }
            throw error
        }
    }

    /// How the workers of a group are to be: as all, but for what is said of them. Throws what is wrong, with its place.
    func plan(of group: GroupSettings) throws -> WorkerPlan {
        let own = group.options.names.compactMap { name in
            Self.options.first { $0.name == name }.map { option in
                Given(option: option, values: group.options.texts(name), origin: .file(group.options.place(name)))
            }
        }
        if let fault = own.lazy.compactMap(\.fault).first { throw fault }
        let words = self.words + ["--workers=1"] + own.flatMap(\.words)
        var plan = try Serve.parse(words).options.workerPlan
        plan.arguments = words
        plan.environment = group.environment
        return plan
    }

    /// The names of those that the file gives otherwise than another.
    func differences(from other: OptionLayers) -> [String] {
        func given(_ layers: OptionLayers) -> [String: [String]] {
            Dictionary(layers.lower.map { ($0.option.name, $0.values) }, uniquingKeysWith: { $1 })
        }
        let (here, there) = (given(self), given(other))
        return Set(here.keys).union(there.keys).filter { here[$0] != there[$0] }.sorted()
    }

    /// What is in force, and where it comes from.
    func inForce() -> [(option: SettingsKey, value: String, origin: Origin)] {
        Self.options.filter { !["help", "version"].contains($0.name) }.map { option in
            if self.isTyped(option) { return (option, self.typedValue(of: option), .commandLine) }
            if let given = self.lower.first(where: { $0.option.name == option.name }) {
                return (option, given.values.joined(separator: " "), given.origin)
            }
            return (option, option.standard ?? "", .standard)
        }
    }

    private func typedValue(of option: SettingsKey) -> String {
        let words = Array(self.typed.prefix { $0 != "--" })
        if option.kind == .flag {
            return words.last { $0 == "--\(option.name)" || $0 == "--no-\(option.name)" } == "--\(option.name)"
                ? "true" : "false"
        }
        var values: [String] = []
        for (at, word) in words.enumerated() {
            if word.hasPrefix("--\(option.name)=") { values.append(String(word.dropFirst(option.name.count + 3))) }
            if word == "--\(option.name)", at + 1 < words.count { values.append(words[at + 1]) }
        }
        return option.kind == .texts ? values.joined(separator: " ") : values.last ?? ""
    }

    // MARK: What there is

    /// `ROOST_LOG_LEVEL` of `log-level`.
    static func variable(of option: String) -> String {
        "ROOST_" + option.uppercased().split(separator: "-").joined(separator: "_")
    }

    /// The environment variables of all options that have one.
    static let variables = Self.options.map(\.name).filter { !Self.unsettable.contains($0) }.map {
        Self.variable(of: $0)
    }

    /// Not of a file, which is found by them.
    private static let unsettable: Set<String> = ["settings", "help", "version"]
    private static let notOfFile: Set<String> = ["settings", "app-dir", "modules", "help", "version"]

    /// The key `server`.
    static let schema = SettingsSchema(Self.options.filter { !Self.notOfFile.contains($0.name) })

    /// What `server.groups` may say of a group.
    static let groupSchema = SettingsSchema(Self.options.filter { Self.ofGroups.contains($0.name) })
    private static let ofGroups: Set<String> = [
        "workers", "threads", "user", "group", "limit-max-requests", "limit-max-requests-jitter", "limit-max-rss",
        "limit-worker-lifetime", "timeout-worker", "limit-crashes", "crash-window", "limit-address-space",
        "limit-open-files", "limit-core", "blocking-threads", "limit-blocking", "limit-scopes", "lifespan",
        "timeout-lifespan", "limit-images", "limit-image-bytes", "limit-state", "limit-view-body",
        "limit-form-fields", "limit-json-values", "reload-drain",
    ]

    /// As ArgumentParser knows them: name, kind, default, help.
    static let options: [SettingsKey] = Self.declared()

    private static func declared() -> [SettingsKey] {
        guard let arguments = try? Yams.compose(yaml: ServeOptions._dumpHelp())?["command"]?["arguments"]?.sequence
        else { return [] }
        return arguments.compactMap { argument in
            guard let name = argument["preferredName"]?["name"]?.string, argument["kind"]?.string != "positional"
            else { return nil }
            let meaning = argument["abstract"]?.string ?? ""
            var standard = argument["defaultValue"]?.string
            guard argument["kind"]?.string != "flag" else {
                if name.hasPrefix("no-") { return nil }
                standard = standard == "--\(name)" ? "true" : "false"
                return SettingsKey(name, .flag, standard: standard, meaning)
            }
            let choices = argument["allValues"]?.sequence?.compactMap(\.string) ?? []
            let kind: SettingsKey.Kind =
                !choices.isEmpty
                ? .choice(choices) : argument["isRepeating"]?.bool == true ? .texts : .text
            return SettingsKey(name, kind, standard: standard, meaning)
        }
    }
}
