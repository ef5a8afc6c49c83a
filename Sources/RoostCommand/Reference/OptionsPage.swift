import Roost
import RoostSettings

/// The reference page of the options of the server.
enum OptionsPage {
    static var text: String {
        """
        # Options

        An option is given on the command line (`--port 9000`), in the environment (`ROOST_PORT=9000`) or in a settings file
        (`server: {port: 9000}`). The command line takes precedence over the environment, the environment over the file. In the
        environment, the values of a repeatable option are separated by spaces; in a file they are a list. `roost settings` shows
        the values in effect and their sources.

        The column "Set by" lists where an option can be set besides the command line: `env` (the environment), `file` (the key
        `server` of a [settings file](settings.md)), `group` (`server.groups`, for a [group of workers](../how-to/worker-groups.md))
        and `host` (an embedded host: the settings of `roost_start` in `roost.h`, and `HostConfiguration(settings:)` in Swift).

        \(OptionTable.sections.map(Self.text).joined(separator: "\n\n"))

        ## Options that an embedded host refuses

        \(Self.refusals)

        The defaults of an embedded host are the same, except: \(Self.embedded). It has a key of its own, `probe`: the path of
        the command `roost`, which then loads each module first, in a process of its own.

        """
    }

    private static func text(_ section: OptionTable.Section) -> String {
        let rows = section.options.map { option in
            let declaration = option.declaration
            let standard =
                option.standard.isEmpty
                ? MarkdownTable.escaped(declaration.unset ?? "") : "`\(MarkdownTable.escaped(option.standard))`"
            return [
                "`\(Self.usage(declaration))`", MarkdownTable.escaped(declaration.valuesText), standard,
                Self.sources(declaration), MarkdownTable.escaped(declaration.meaning),
            ]
        }
        return "## \(section.title)\n\n"
            + MarkdownTable.text(["Option", "Values", "Default", "Set by", "Meaning"], rows)
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

}
