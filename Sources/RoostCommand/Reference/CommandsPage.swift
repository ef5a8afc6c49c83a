import ArgumentParser
import Roost

/// The reference page of the subcommands, as `--help` shows them.
enum CommandsPage {
    static var text: String {
        """
        # Commands

        `roost` without arguments prints an overview. `roost MODULE` is short for `roost serve MODULE`.
        The options of `serve` and `settings` are on [a page of their own](options.md), the exit statuses on
        [another](exit-statuses.md).

        \(Self.commands.map(Self.text).joined(separator: "\n\n"))

        """
    }

    /// The subcommands for users, in the order of the overview.
    static var commands: [any ParsableCommand.Type] {
        RoostCommand.configuration.subcommands.filter { $0.configuration.shouldDisplay }
    }

    private static func text(_ command: any ParsableCommand.Type) -> String {
        """
        ## roost \(command._commandName)

        ```text
        \(Self.help(command))
        ```
        """
    }

    /// The help without the groups of server options, which have a page of their own.
    static func help(_ command: any ParsableCommand.Type, columns: Int = 100) -> String {
        let help = RoostCommand.helpMessage(for: command, columns: columns)
        var lines: [Substring] = []
        var isLeftOut = false
        let titles = OptionTable.sections.map { $0.title.lowercased() }
        for line in help.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasSuffix(":"), !line.hasPrefix(" ") { isLeftOut = titles.contains(line.dropLast().lowercased()) }
            if !isLeftOut { lines.append(line) }
        }
        while lines.last?.isEmpty == true { lines.removeLast() }
        return lines.joined(separator: "\n")
    }
}
