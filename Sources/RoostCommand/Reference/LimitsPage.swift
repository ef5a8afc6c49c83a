import Roost
import RoostSettings

/// The reference page of the limits: the options that bound what a client, a module or an application can make grow.
enum LimitsPage {
    static var text: String {
        """
        # Limits

        Every resource that a client or a module can make grow has a limit. Most limits have an option. The
        [options page](options.md) has the ranges, and where each can be set. The
        [responses page](responses.md) has the exact responses.

        \(OptionTable.sections.compactMap(Self.text).joined(separator: "\n\n"))

        ## Fixed limits

        \(MarkdownTable.text(["Limit", "Value"], Self.fixed))

        """
    }

    private static func text(_ section: OptionTable.Section) -> String? {
        let options = section.options.filter { Self.isLimit($0.name) }
        guard !options.isEmpty else { return nil }
        let rows = options.map { option in
            let declaration = option.declaration
            let standard = option.standard.isEmpty ? declaration.unset ?? "" : option.standard
            let unit = declaration.unit.map { " \($0.rawValue)" } ?? ""
            return [
                "`--\(option.name)`", MarkdownTable.escaped(standard + (Int(standard) == nil ? "" : unit)),
                MarkdownTable.escaped(declaration.meaning),
            ]
        }
        return "## \(section.title)\n\n" + MarkdownTable.text(["Option", "Default", "Meaning"], rows)
    }

    private static func isLimit(_ name: String) -> Bool {
        ["limit-", "timeout-", "ws-max-size", "ws-ping-", "backlog", "reload-limit", "blocking-", "probe-timeout"]
            .contains {
                name.hasPrefix($0)
            }
    }

    /// Limits without an option.
    private static let fixed = [
        ["Size of a settings file", "4 MiB, 100,000 keys and values, a depth of 64, 16 MiB of text"],
        ["Settings of one application in memory", "64 MiB"],
        ["A header or a message that a worker of a group sends", "64 MiB"],
        ["Reason of a WebSocket close frame", "123 bytes (RFC 6455 §5.5)"],
        ["Depth of a JSON body for a view", "128"],
    ]
}
