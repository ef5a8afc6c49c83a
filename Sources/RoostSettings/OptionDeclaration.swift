/// The declaration of one option of the server: its name, its values and the sources that may set it. The command line,
/// the environment, settings files, `--help`, `roost settings --explain` and the reference page are derived from it.
///
/// The default is not declared here: it is the default of the property that the option sets.
package struct OptionDeclaration: Sendable {
    package enum Kind: Sendable, Equatable {
        case number(ClosedRange<Int>)
        case decimal(ClosedRange<Double>)
        case text
        /// Repeatable on the command line, separated by spaces in the environment, a list in a settings file.
        case texts
        /// Separated by commas; a settings file may have a list too.
        case commaSeparated
        case choice([String])
        /// `--name true` or `--name false`.
        case boolean
        /// `--name`, and `--no-name` if it can be negated.
        case flag(isNegatable: Bool)
    }

    package enum Unit: String, Sendable {
        case bytes
        case seconds
    }

    /// The sources that may set an option. Each case includes those before it.
    package enum Scope: Int, Sendable, Comparable {
        case commandLine
        case environment
        /// The key `server` of a settings file.
        case file
        /// A group in `server.groups`.
        case group

        package static func < (left: Scope, right: Scope) -> Bool { left.rawValue < right.rawValue }
    }

    /// A mode of the server without which an option has no effect.
    package enum Requirement: Sendable {
        case reload
        case supervisor
    }

    package let name: String
    package let kind: Kind
    package let unit: Unit?
    package let meaning: String
    /// Describes the default if the option has no default value.
    package let unset: String?
    package var scope = Scope.file
    package var requirement: Requirement?
    /// Why a host that is embedded in a program refuses the option; nil if the host accepts it.
    package var refusal: String?
    /// Whether the option is needed before the application is examined, so that the application's own settings file is
    /// read too late to set it.
    package var isEarly = false

    /// Whether worker processes get the option.
    package var isForWorkers = true
    /// Whether its value is a secret: masked wherever it is shown, and kept from child processes, whose arguments other
    /// users can read.
    package var isSecret = false

    package init(_ name: String, _ kind: Kind, unit: Unit? = nil, unset: String? = nil, _ meaning: String) {
        self.name = name
        self.kind = kind
        self.unit = unit
        self.unset = unset
        self.meaning = meaning
    }

    /// The environment variable that sets the option: `ROOST_LOG_LEVEL` for `log-level`; nil if there is none.
    package var variable: String? {
        guard self.scope >= .environment else { return nil }
        return "ROOST_" + String(self.name.uppercased().map { $0 == "-" ? "_" : $0 })
    }

    /// The placeholder of the value in the command's usage: `bytes` in `--limit-send <bytes>`.
    package var valueName: String { self.unit?.rawValue ?? self.name }

    /// The accepted values, for display.
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

    /// The settings file key of the option. `standard`: its default.
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

    /// A number without a needless fraction: `60` for 60.0.
    package static func text(_ number: Double) -> String {
        Int(exactly: number).map { "\($0)" } ?? "\(number)"
    }
}
