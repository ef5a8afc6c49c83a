import ArgumentParser
import Roost
import RoostSettings

/// `roost reference`: writes `Documentation/Options.md`. Used by the project itself (`make reference`).
struct Reference: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write the reference page of the options.", shouldDisplay: false)

    func run() { Terminal.output.write(Self.page) }

    private static var page: String {
        """
        # Options

        `make reference` writes this page from the declarations in `Sources/Roost/Options`.

        An option is given on the command line (`--port 9000`), in the environment (`ROOST_PORT=9000`) or in a settings file
        (`server: {port: 9000}`). The command line takes precedence over the environment, the environment over the file. In the
        environment, the values of a repeatable option are separated by spaces; in a file they are a list. `roost settings` shows the
        values in force and their sources.

        The column "Set by" lists where an option can be set besides the command line: `env` (the environment), `file` (the key
        `server` of a settings file), `group` (`server.groups`, for a group of workers) and `host` (an embedded host: the settings of
        `roost_start` in `roost.h`, and `HostConfiguration(settings:)` in Swift).

        \(OptionTable.sections.map(Self.text).joined(separator: "\n\n"))

        ## Options that an embedded host refuses

        \(Self.refusals)

        The defaults of an embedded host are the same, except: \(Self.embedded). It has a key of its own, `probe`: the path of the command
        `roost`, which then loads each module first, in a process of its own.

        """
    }

    private static func text(_ section: OptionTable.Section) -> String {
        let rows = section.options.map { option in
            let declaration = option.declaration
            let standard =
                option.standard.isEmpty ? Self.escaped(declaration.unset ?? "") : "`\(Self.escaped(option.standard))`"
            return "| `\(Self.usage(declaration))` | \(Self.escaped(declaration.valuesText)) | \(standard) | "
                + "\(Self.sources(declaration)) | \(Self.escaped(declaration.meaning)) |"
        }
        return
            (["## \(section.title)", "", "| Option | Values | Default | Set by | Meaning |", "|---|---|---|---|---|"]
            + rows)
            .joined(separator: "\n")
    }

    private static func usage(_ option: OptionDeclaration) -> String {
        if case .flag(let isNegatable) = option.kind {
            return isNegatable ? "--\(option.name)`, `--no-\(option.name)" : "--\(option.name)"
        }
        return "--\(option.name)"
    }

    private static func sources(_ option: OptionDeclaration) -> String {
        let sources: [(String, Bool)] = [
            ("env", option.scope >= .environment), ("file", option.scope >= .file), ("group", option.scope >= .group),
            ("host", option.refusal == nil),
        ]
        return sources.filter(\.1).map(\.0).joined(separator: ", ")
    }

    /// The reasons for refusals, each with its options.
    private static var refusals: String {
        let refused = OptionTable.all.filter { $0.declaration.refusal != nil }
        var reasons: [String] = []
        for reason in refused.compactMap(\.declaration.refusal) where !reasons.contains(reason) {
            reasons.append(reason)
        }
        return reasons.map { reason in
            let names = refused.filter { $0.declaration.refusal == reason }.map { "`\($0.name)`" }
            return "- \(names.joined(separator: ", ")): \(reason)."
        }.joined(separator: "\n")
    }

    /// The defaults that differ in an embedded host.
    private static var embedded: String {
        let (command, host) = (ServerOptions(), EmbeddingSettings.defaults)
        return OptionTable.all.filter { $0.declaration.refusal == nil && $0.values(in: command) != $0.values(in: host) }
            .map { "`\($0.name)` is `\($0.values(in: host).joined(separator: " "))`" }.joined(separator: ", ")
    }

    /// Returns the text escaped for a table cell.
    private static func escaped(_ text: String) -> String {
        text.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
    }
}
