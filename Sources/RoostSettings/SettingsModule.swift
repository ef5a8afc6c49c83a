import Glibc
import RoostSystem

/// A settings module: a dotted name that names a file below a folder, as `wiki.settings` names `wiki/settings.yaml`.
package struct SettingsModule: Sendable, Equatable {
    /// The environment variable that names the settings module.
    package static let variable = "ROOST_SETTINGS_MODULE"
    private static let endings = ["yaml", "yml", "json"]

    package enum Origin: String, Sendable, Equatable {
        case option
        case environment
        /// The module's own description.
        case module
        /// Not named, but a file with the default name exists.
        case usual
    }

    package let name: String
    package let origin: Origin
    /// Where it is named, for messages; empty if the origin says it.
    package let source: String

    package init(name: String, origin: Origin, source: String = "") {
        self.name = name
        self.origin = origin
        self.source = source
    }

    /// Chooses by precedence: the option, the environment, the module's default, or `settings` if such a file exists.
    package static func chosen(
        option: String?, environment: String?, moduleDefault: String?, folders: [String]
    ) throws -> SettingsModule? {
        if let option { return SettingsModule(name: option, origin: .option) }
        if let environment, !environment.isEmpty { return SettingsModule(name: environment, origin: .environment) }
        if let moduleDefault { return SettingsModule(name: moduleDefault, origin: .module) }
        let usual = SettingsModule(name: "settings", origin: .usual)
        return try usual.file(below: folders) == nil ? nil : usual
    }

    /// The path of its file, in the first folder that has it. Nil if there is no file and the operator named none: the
    /// module's built-in values apply then. Throws `HostError` if the name is invalid, if a file that the operator
    /// named does not exist, or if there are two files.
    package func file(below folders: [String]) throws -> String? {
        let parts = self.name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.allSatisfy(Self.isWord) else {
            throw self.error("'\(self.name)' is not a settings module; use a dotted name like wiki.settings")
        }
        let stems = folders.map { "\($0)/\(parts.joined(separator: "/"))" }
        for stem in stems {
            let found = Self.paths(stem).filter { access($0, F_OK) == 0 }
            if found.count > 1 { throw self.error("both \(found[0]) and \(found[1]) exist; remove one") }
            if let path = found.first { return path }
        }
        switch self.origin {
        case .module, .usual: return nil
        case .option, .environment:
            throw self.error(
                "settings module '\(self.name)' not found: looked for "
                    + stems.flatMap(Self.paths).map { WorkingFolder.absolute($0) }.joined(separator: ", ")
                    + "; name another, or the folder with --app-dir")
        }
    }

    private static func paths(_ stem: String) -> [String] { Self.endings.map { "\(stem).\($0)" } }

    private func error(_ message: String) -> HostError {
        var source = self.source
        if source.isEmpty {
            source =
                switch self.origin {
                case .option: "--settings"
                case .environment: Self.variable
                case .module: "the module's default"
                case .usual: "settings"
                }
        }
        return HostError(code: .settings, message: "\(source): \(message)")
    }

    private static func isWord(_ part: Substring) -> Bool {
        guard let first = part.first, first.isASCII, first.isLetter || first == "_" else { return false }
        return part.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") }
    }
}
