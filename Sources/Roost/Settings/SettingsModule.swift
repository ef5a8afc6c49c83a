import Glibc

/// A settings module: a dotted name that names a file below a folder, as `wiki.settings` names `wiki/settings.yaml`.
public struct SettingsModule: Sendable, Equatable {
    /// The environment variable that names it.
    public static let variable = "ROOST_SETTINGS_MODULE"
    private static let endings = ["yaml", "yml", "json"]

    public enum Origin: String, Sendable, Equatable {
        case option
        case environment
        /// The module's own description.
        case module
        /// Nobody named one, but a file of the usual name is there.
        case usual
    }

    public let name: String
    public let origin: Origin

    public init(name: String, origin: Origin) {
        self.name = name
        self.origin = origin
    }

    /// Which one counts: the option, else the environment, else the module's default, else `settings` where there is one.
    public static func chosen(
        option: String?, environment: String?, moduleDefault: String?, folder: String
    ) throws -> SettingsModule? {
        if let option { return SettingsModule(name: option, origin: .option) }
        if let environment, !environment.isEmpty { return SettingsModule(name: environment, origin: .environment) }
        if let moduleDefault { return SettingsModule(name: moduleDefault, origin: .module) }
        let usual = SettingsModule(name: "settings", origin: .usual)
        return try usual.file(below: folder) == nil ? nil : usual
    }

    /// The path of its file. Nil: there is none, and it is the module's own default, so that its built-in values serve.
    /// Throws `HostError` for a name that is none, a file that the operator named and that is not there, and two files.
    public func file(below folder: String) throws -> String? {
        let parts = self.name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.allSatisfy(Self.isWord) else {
            throw HostError(
                code: .settings,
                message: "\(self.source): '\(self.name)' is no settings module: a dotted name like wiki.settings is"
            )
        }
        let stem = "\(folder)/\(parts.joined(separator: "/"))"
        let found = Self.endings.map { ending in "\(stem).\(ending)" as String }.filter { path in
            access(path, F_OK) == 0
        }
        if found.count > 1 {
            throw HostError(
                code: .settings, message: "\(self.source): both \(found[0]) and \(found[1]) are there: remove one"
            )
        }
        if let path = found.first { return path }
        switch self.origin {
        case .module, .usual: return nil
        case .option, .environment:
            let looked = Self.endings.map { "\(stem).\($0)" }.joined(separator: ", ")
            throw HostError(
                code: .settings,
                message: "\(self.source): no settings module '\(self.name)': looked for \(looked)"
                    + "; name another, or the folder with --app-dir"
            )
        }
    }

    private var source: String {
        switch self.origin {
        case .option: "--settings"
        case .environment: Self.variable
        case .module: "the module's default"
        case .usual: "settings"
        }
    }

    private static func isWord(_ part: Substring) -> Bool {
        guard let first = part.first, first.isASCII, first.isLetter || first == "_" else { return false }
        return part.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") }
    }
}
