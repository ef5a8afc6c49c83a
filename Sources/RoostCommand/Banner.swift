import Glibc
import HTTPServer
import Logging
import ModuleRuntime
import Roost
import RoostDeployment
import RoostSettings
import RoostSystem
import StaticFiles

/// The message after a start, with applications and addresses: a screen on a terminal, else a log line.
struct Banner {
    private let applications: [DeployedApplication]
    private let addresses: [String]
    private let options: ServerOptions
    /// The settings files that were read.
    private let files: [String]

    init(
        _ applications: [DeployedApplication], _ addresses: [String], _ options: ServerOptions, files: [String]
    ) {
        self.files = files
        self.applications = applications
        self.addresses = addresses
        self.options = options
    }

    func show(_ log: LineWriter, _ logger: Logger) {
        for application in self.applications {
            guard let module = application.settingsModule, application.settingsPath == nil else { continue }
            logger.log(.defaultSettingsMissing, ["application": "\(application.name)", "settings": "\(module.name)"])
        }
        guard logger.logLevel <= .info else { return }
        if isatty(2) != 0, self.options.host.logFormat == .text {
            log.write(Array(self.screen(.error).utf8))
        } else {
            logger.log(.serving, Logger.Metadata(uniqueKeysWithValues: self.facts.map { ($0, "\($1)") }))
        }
    }

    private func urls(_ separator: String) -> String { self.addresses.joined(separator: separator) }

    private static func settings(_ application: DeployedApplication) -> String {
        if let module = application.settingsModule {
            return application.settingsPath.map { "\(module.name) (\($0))" } ?? "built in"
        }
        return application.settingsPath ?? "none"
    }

    private static func settingsFacts(_ application: DeployedApplication) -> [(String, String)] {
        guard let path = application.settingsPath else {
            return [("settings", application.settingsModule == nil ? "none" : "built-in")]
        }
        return application.settingsModule.map { [("settings", $0.name), ("settings-file", path)] } ?? [
            ("settings", path)
        ]
    }

    private var facts: [(String, String)] {
        let about: [(String, String)] =
            self.only.map { only in
                [
                    ("application", only.name), ("version", only.version.isEmpty ? "none" : only.version),
                    ("module", only.module), ("url", self.urls(",")),
                ] + Self.settingsFacts(only)
            } ?? [("applications", "\(self.applications.count)"), ("url", self.urls(","))]
        let folders = self.statics.map { "\($0.mount):\($0.folder)" }
        let statics = folders.isEmpty ? [] : [("static", folders.joined(separator: ","))]
        let read = self.files.isEmpty ? [] : [("read", self.readFiles(separator: ","))]
        return about + statics + read + [
            ("workers", self.workers), ("threads", "\(self.options.host.threads)"), ("pid", "\(getpid())"),
        ]
    }

    /// The folders of static files with their mounts.
    private var statics: [(mount: String, folder: String)] {
        let own = self.options.host.statics.map { ($0.path.isEmpty ? "/" : $0.path, $0.folder.path) }
        let others = self.applications.flatMap { application in
            application.statics.map { ("\(application.mount?.path ?? "")\($0.path)", $0.folder.path) }
        }
        return own + others
    }

    private var only: DeployedApplication? { self.applications.count == 1 ? self.applications[0] : nil }

    /// The number of workers; 0 without a supervisor.
    private var workers: String {
        guard self.options.process.isSupervised else { return "0" }
        // Does not throw, since the options have been checked.
        return (try? self.options.workerCount).map { "\($0)" } ?? "1"
    }

    private static func name(_ application: DeployedApplication) -> String {
        LogText.printable(
            application.version.isEmpty ? application.name : "\(application.name) \(application.version)")
    }

    private func screen(_ terminal: Terminal) -> String {
        """

          \(terminal.bold("roost")) \(RoostVersion.current) \(terminal.dim("pid \(getpid())"))

          \(self.only.map { self.line($0, terminal) } ?? self.list(terminal))\(self.staticLines(terminal))
          workers   \(self.workers), of \(self.options.host.threads) \(self.options.host.threads == 1 ? "thread" : "threads")
          read      \(LogText.printable(self.readFiles(separator: ", ")))

          \(terminal.dim("Ctrl-C: graceful shutdown; twice: immediate stop"))

        """
    }

    private func staticLines(_ terminal: Terminal) -> String {
        self.statics.prefix(Self.most).map {
            "\n  files     \(LogText.printable($0.mount)) \(terminal.dim("->")) \(LogText.printable($0.folder))"
        }.joined()
    }

    private func readFiles(separator: String) -> String {
        guard !self.files.isEmpty else { return "no settings file" }
        let more = self.files.count > Self.most ? " and \(self.files.count - Self.most) more" : ""
        return self.files.prefix(Self.most).joined(separator: separator) + more
    }

    private func line(_ only: DeployedApplication, _ terminal: Terminal) -> String {
        let mount = only.mountPoint == "/" ? "" : " \(only.mountPoint)"
        return """
            \(terminal.green(self.urls(", ")))\(LogText.printable(mount)) \(terminal.dim("->")) \(terminal.bold(Self.name(only)))
              module    \(LogText.printable(only.module))
              settings  \(LogText.printable(Self.settings(only)))
            """
    }

    /// Maximum number of applications, or of files, in the message.
    private static let most = 20

    private func list(_ terminal: Terminal) -> String {
        let named = self.applications.prefix(Self.most)
        let width = named.map(\.mountPoint.count).max() ?? 0
        var lines = [terminal.green(self.urls(", "))]
        for application in named {
            let space = String(repeating: " ", count: width - application.mountPoint.count)
            let fault = application.fault.map { " \(terminal.red(LogText.printable($0)))" } ?? ""
            lines.append(
                "  \(application.mountPoint)\(space) \(terminal.dim("->")) \(terminal.bold(Self.name(application)))\(fault)"
            )
        }
        if self.applications.isEmpty, self.statics.isEmpty { lines.append("  \(terminal.dim("no applications yet"))") }
        if self.applications.count > named.count {
            lines.append("  and \(self.applications.count - named.count) more (roost status lists all)")
        }
        return lines.joined(separator: "\n  ")
    }
}
