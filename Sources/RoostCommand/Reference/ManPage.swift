import ArgumentParser
import ModuleRuntime
import Roost
import RoostSettings

/// The manual page roost(1), in the macros of man(7).
enum ManPage {
    static var text: String {
        """
        .TH ROOST 1 "2026-11-29" "roost \(RoostVersion.current)" "User Commands"
        .SH NAME
        roost \\- application server for shared libraries
        .SH SYNOPSIS
        .B roost
        .RI [ subcommand ]
        .RI [ options ]
        .RI [ module ]
        .SH DESCRIPTION
        Roost serves shared libraries that export the C function
        .BR application ,
        over HTTP and WebSocket.
        A module is deployed by copying a file into a folder, and replaced without losing a request.
        .PP
        The module is a path like
        .IR ./libhello.so ,
        or a name like
        .IR hello .
        Without a module,
        .B roost serve
        serves the applications of the settings file.
        .SH COMMANDS
        \(CommandsPage.commands.map(Self.command).joined(separator: "\n"))
        .SH OPTIONS OF SERVE AND SETTINGS
        Every option can also be set in the environment
        .RB ( ROOST_PORT=9000 )
        and in a settings file
        .RB ( "server: {port: 9000}" ).
        The command line takes precedence over the environment, the environment over the file.
        \(OptionTable.sections.map(Self.section).joined(separator: "\n"))
        .SH ENVIRONMENT
        .TP
        .B ROOST_SETTINGS_MODULE
        Settings module, like
        .IR wiki.production .
        .TP
        .BI ROOST_ OPTION
        Value of an option, in capitals with underscores.
        .TP
        .B WEB_CONCURRENCY
        Number of workers, unless
        .B \\-\\-workers
        is given.
        .SH EXIT STATUS
        .TP
        .B 0
        Success.
        .TP
        .B 1
        Failure.
        .TP
        .B 2
        Invalid usage, settings or module.
        .TP
        .B 3
        A worker exited before it was ready.
        .SH SIGNALS
        .TP
        .BR SIGINT ", " SIGTERM ", " SIGQUIT
        Graceful shutdown; a second signal stops the server at once.
        .TP
        .B SIGHUP
        Reload settings and changed modules.
        .TP
        .BR SIGTTIN ", " SIGTTOU
        Add or remove a worker.

        """
    }

    private static func command(_ command: any ParsableCommand.Type) -> String {
        """
        .SS roost \(Self.escaped(command._commandName))
        .nf
        \(Self.escaped(CommandsPage.help(command, columns: 72)))
        .fi
        """
    }

    private static func section(_ section: OptionTable.Section) -> String {
        ([".SS \(Self.escaped(section.title))"] + section.options.map(Self.option)).joined(separator: "\n")
    }

    private static func option(_ option: ServerOption) -> String {
        let declaration = option.declaration
        var usage = "--\(option.name)"
        switch declaration.kind {
        case .flag(isNegatable: true): usage += ", --no-\(option.name)"
        case .flag(isNegatable: false): break
        default: usage += " <\(declaration.valueName)>"
        }
        let standard = option.standard.isEmpty ? declaration.unset : option.standard
        let meaning = declaration.meaning + (standard.map { " Default: \($0)." } ?? "")
        return ".TP\n.B \(Self.escaped(usage))\n\(Self.escaped(meaning))"
    }

    /// Returns the text without a meaning for roff: hyphens stay hyphens, and no line begins with a control character.
    private static func escaped(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let escaped = line.map { character in
                switch character {
                case "\\": "\\e"
                case "-": "\\-"
                default: String(character)
                }
            }.joined()
            return escaped.hasPrefix(".") || escaped.hasPrefix("'") ? "\\&\(escaped)" : escaped
        }.joined(separator: "\n")
    }
}
