import Logging
import ModuleRuntime
import Roost
import RoostDeployment
import RoostSystem
import Supervision

/// The reference page of the events that are logged.
enum LogEventsPage {
    static var text: String {
        """
        # Log events

        Roost logs to standard error. A line has a time, a level, the name of the event, and fields:

        ```text
        2026-11-29T20:24:27.742Z error    worker crashed application=site function="libsite.so crash_here+0x0" pid=3588 signal=SIGSEGV
        ```

        - The name of an event is stable, and everything that varies is in its fields. The fields are sorted by name.
        - A value that is not one word of visible characters is quoted, with the escapes of C. Inside quotes `=` is written as
          `\\x3d`, so that text from a client or a module cannot add a field.
        - Messages that a module logs itself have the module's text in place of a name, and the field `application`.
        - `--log-level` selects the lowest level: `error` and `critical` ask the operator to act, `warning` may, `info` is a change
          of state, `debug` is everything else.
        - `--log-format json` writes an object per line, with the keys `time`, `level` and `message` (the name of the event) and a
          string for each field.

        The access log on standard output has a line per request: client, method, path, status, size of the body in bytes, duration
        and request id. The id is the field `scope` of other lines.

        ```text
        127.0.0.1:53498 GET /title?x=y 200 7 0.041ms 1000400
        ```

        With `--log-format json` its keys are `time`, `client`, `method`, `path`, `query`, `status`, `bytes`, `cut` (whether the
        response is incomplete), `milliseconds` and `scope`.

        \(Self.sections.map(Self.text).joined(separator: "\n\n"))

        ## Common fields

        \(MarkdownTable.text(["Field", "Meaning"], Self.fields))

        """
    }

    private static let sections = [
        ("The server", LoggedEvent.ofCommand + LoggedEvent.ofRoostSystem),
        ("Workers, sockets and builds", LoggedEvent.ofSupervision),
        ("Applications and reloads", LoggedEvent.ofDeployment + LoggedEvent.ofRoost),
        ("Requests and modules", LoggedEvent.ofModuleRuntime),
    ]

    private static func text(title: String, events: [LoggedEvent]) -> String {
        let rows = events.map { ["`\($0.name)`", $0.level.rawValue, MarkdownTable.escaped($0.meaning)] }
        return "## \(title)\n\n" + MarkdownTable.text(["Event", "Level", "Meaning"], rows)
    }

    private static let fields = [
        ["`application`", "Name of the application."],
        ["`generation`", "Version of the application: the hash of its file."],
        ["`mount`", "Path at which the application is served, with its hosts."],
        ["`pid`", "Process id of a worker."],
        ["`scope`", "Id of the request or WebSocket, as in the access log."],
        ["`client`", "Address and port of the client, or `unix`."],
        ["`reason`", "Why, as one sentence."],
        ["`signal`, `status`", "How a process ended."],
        ["`function`, `stack`", "Innermost function, and the stack, as `library function+offset`."],
        ["`time`", "Duration in milliseconds."],
    ]
}
