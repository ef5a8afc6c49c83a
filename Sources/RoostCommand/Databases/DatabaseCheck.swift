import RoostSettings
import RoostSystem

/// The outcome of a test of one database's settings.
enum DatabaseCheck {
    /// The database can be used. A description.
    case works(String)
    /// It cannot be tested here. The reason.
    case untested(String)
    /// The reason, and what to do.
    case fails(String)

    /// Tests a database as an application would use it: opens the file, or connects to the server.
    init(_ entry: DatabaseEntry, trust: FileTrust, variable: (String) -> String?) {
        do {
            let settings = try DatabaseSettings(entry, trust: trust, variable: variable)
            self =
                switch entry.engine {
                case .sqlite: SQLiteFile(path: entry.database).check()
                case .postgresql: PostgreSQLClient.check(settings)
                case .mysql: .untested("roost has no client for MySQL; connect with mysql(1)")
                }
        } catch { self = .fails(HostError(error).message) }
    }

    /// A line for the operator.
    func line(_ name: String, _ terminal: Terminal) -> String {
        let (word, text) =
            switch self {
            case .works(let text): (terminal.green("ok      "), text)
            case .untested(let text): (terminal.yellow("untested"), text)
            case .fails(let text): (terminal.red("wrong   "), text)
            }
        let padding = String(repeating: " ", count: max(11 - name.count, 1))
        return "\(terminal.dim(name + padding))\(word) \(ShownText.of(text, most: 1000))\n"
    }

    var isFailure: Bool { if case .fails = self { true } else { false } }
}
