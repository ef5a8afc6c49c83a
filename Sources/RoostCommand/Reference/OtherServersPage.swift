import Roost

/// The reference page of the options of other application servers.
enum OtherServersPage {
    static var text: String {
        """
        # Options of other servers

        `roost` understands the command lines of other application servers in part, so that a command keeps its options when
        its first word becomes `roost`. An option is the same, is replaced by an option of Roost, is ignored (with a line in
        the log), or is refused with the reason. [Options](options.md) of Roost take precedence where a name has two meanings.

        Uvicorn's environment variables (`UVICORN_PORT`) set the options of the first table, and `UVICORN_APP` names the
        application. `ROOST_PORT` takes precedence.

        \(OtherServer.allCases.map(Self.text).joined(separator: "\n\n"))

        """
    }

    private static func text(_ server: OtherServer) -> String {
        let rows = server.options.map { option in
            let names = option.names.map { "`\($0)`" }.joined(separator: ", ")
            let values = option.values.map { $0.map { "`\($0)`" }.joined(separator: ", ") } ?? ""
            return [
                names + (values.isEmpty ? "" : ": \(values)"),
                option.equivalent.isEmpty ? "the same" : option.equivalent,
                MarkdownTable.escaped(option.remark),
            ]
        }
        return "## \(server.rawValue)\n\n\(server.scope)\n\n"
            + MarkdownTable.text([server.rawValue, "Roost", "Remarks"], rows)
    }
}
