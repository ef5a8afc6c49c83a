/// The declaration of one option of the server: its name, its values and who may set it. The command line, the environment, settings files,
/// `--help`, `roost settings --explain` and the reference page follow it.
///
/// Its default is not here: the property that the option sets has it.
package struct OptionDeclaration: Sendable {
    package enum Kind: Sendable, Equatable {
        case number(ClosedRange<Int>)
        case decimal(ClosedRange<Double>)
        case text
        /// Repeatable on the command line, separated by spaces in the environment, a list in a settings file.
        case texts
        /// Separated by commas; in a settings file a list too.
        case commaSeparated
        case choice([String])
        /// `--name true` or `--name false`.
        case boolean
        /// `--name`, and `--no-name` when it can be negated.
        case flag(isNegatable: Bool)
    }

    package enum Unit: String, Sendable {
        case bytes
        case seconds
    }

    /// The sources that may set an option. Each includes those before it.
    package enum Scope: Int, Sendable, Comparable {
        case commandLine
        case environment
        /// The key `server` of a settings file.
        case file
        /// One of `server.groups`.
        case group

        package static func < (left: Scope, right: Scope) -> Bool { left.rawValue < right.rawValue }
    }

    /// What an option has no effect without.
    package enum Requirement: Sendable {
        case reload
        case supervisor
    }

    package let name: String
    package let kind: Kind
    package let unit: Unit?
    package let meaning: String
    /// Describes the default where the option has no default value.
    package let unset: String?
    package var scope = Scope.file
    package var requirement: Requirement?
    /// Why a host that is embedded in a program refuses the option; nil: it takes the option.
    package var refusal: String?
    /// Whether the option is needed before an application has been examined, so that the application's own settings file comes too late.
    package var isEarly = false

    package init(_ name: String, _ kind: Kind, unit: Unit? = nil, unset: String? = nil, _ meaning: String) {
        self.name = name
        self.kind = kind
        self.unit = unit
        self.unset = unset
        self.meaning = meaning
    }

    /// The environment variable that sets it: `ROOST_LOG_LEVEL` of `log-level`; nil: none does.
    package var variable: String? {
        guard self.scope >= .environment else { return nil }
        return "ROOST_" + String(self.name.uppercased().map { $0 == "-" ? "_" : $0 })
    }

    /// What stands for a value in the usage of the command: `bytes` in `--limit-send <bytes>`.
    package var valueName: String { self.unit?.rawValue ?? self.name }

    /// The values it takes, for people.
    package var valuesText: String {
        let unit = self.unit.map { "a number of \($0.rawValue)" } ?? "a number"
        switch self.kind {
        case .number(let range):
            let bound = range.upperBound == .max ? "" : " to \(range.upperBound)"
            return "\(unit) from \(range.lowerBound)\(bound)"
        case .decimal(let range): return "\(unit) from \(Self.text(range.lowerBound)) to \(Self.text(range.upperBound))"
        case .text, .texts, .commaSeparated, .choice, .boolean, .flag: return self.settingsKind.words
        }
    }

    /// The key of a settings file for it; `standard`: its default.
    package func key(standard: String) -> SettingsKey {
        SettingsKey(
            self.name, self.settingsKind, standard: standard.isEmpty ? self.unset : standard, self.meaning,
            values: self.valuesText)
    }

    private var settingsKind: SettingsKey.Kind {
        switch self.kind {
        case .number, .decimal, .text: .text
        case .texts, .commaSeparated: .texts
        case .choice(let choices): .choice(choices)
        case .boolean, .flag: .flag
        }
    }

    /// A number as it was declared: `60` of 60.0.
    package static func text(_ number: Double) -> String {
        Int(exactly: number).map { "\($0)" } ?? "\(number)"
    }
}
