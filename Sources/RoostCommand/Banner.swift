import Glibc
import HTTPServer
import Logging
import Roost

/// What a start prints: what is served where. A screen for a person, a line for a pipe.
struct Banner {
    private let application: PreparedApplication
    private let addresses: [BindAddress]
    private let options: ServeOptions

    init(_ application: PreparedApplication, _ addresses: [BindAddress], _ options: ServeOptions) {
        self.application = application
        self.addresses = addresses
        self.options = options
    }

    func show(_ log: LineWriter, _ logger: Logger) {
        if let module = self.application.settingsModule, self.application.settingsPath == nil {
            logger.info("settings module \(module.name), the module's default, is not there: its built-in values serve")
        }
        guard logger.logLevel <= .info else { return }
        if isatty(2) != 0 {
            log.write(Array(self.screen(.error).utf8))
        } else {
            logger.info("serving", metadata: Logger.Metadata(uniqueKeysWithValues: self.facts.map { ($0, "\($1)") }))
        }
    }

    private var url: String { self.addresses.map(\.url).joined(separator: ", ") }

    private var settings: String {
        guard let module = self.application.settingsModule else { return "none" }
        return self.application.settingsPath.map { "\(module.name) (\($0))" } ?? "built in"
    }

    private var facts: [(String, String)] {
        [
            ("application", self.name), ("module", self.application.path), ("url", self.url),
            ("settings", self.settings), ("workers", self.workers), ("threads", "\(self.options.threads)"),
            ("pid", "\(getpid())"),
        ]
    }

    /// 0: this process serves by itself.
    private var workers: String {
        guard self.options.worker.supervisor else { return "0" }
        // It was checked when the options were.
        return (try? self.options.worker.count).map { "\($0)" } ?? "1"
    }

    private var name: String {
        self.application.version.isEmpty
            ? self.application.name : "\(self.application.name) \(self.application.version)"
    }

    private func screen(_ terminal: Terminal) -> String {
        """

          \(terminal.bold("roost")) \(RoostVersion.current) \(terminal.dim("pid \(getpid())"))

          \(terminal.green(self.url)) \(terminal.dim("->")) \(terminal.bold(self.name))
          module    \(self.application.path)
          settings  \(self.settings)
          workers   \(self.workers), of \(self.options.threads) \(self.options.threads == 1 ? "thread" : "threads")

          \(terminal.dim("Ctrl-C stops; again, at once"))


        """
    }
}
