import ArgumentParser
import Glibc
import Roost
import RoostDeployment
import RoostModules
import RoostPython
import RoostSettings
import RoostSystem

/// `roost check MODULE`, `roost check --databases`.
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Load a module in a child process and report its description, faults and risks; or test databases."
    )

    @Argument(help: "The module to check.")
    var module: String?

    @Flag(help: "Test the databases of the settings: open each file, and connect to each server.")
    var databases = false

    @Option(help: "With --databases: the settings module of the server.")
    var settings: String?

    @Option(help: "Folder below which modules and settings are found by name.")
    var appDir = HostConfiguration().folder

    @Option(help: "Maximum time to load the module, in seconds.")
    var probeTimeout = ModuleProbe().time

    @Flag(help: "Also serve the module, send test requests to it, and report every violation of asgi.h.")
    var conformance = false

    func validate() throws {
        guard self.module != nil || self.databases else {
            throw ValidationError("Missing expected argument '<module>'")
        }
        guard self.module == nil || self.settings == nil else {
            throw ValidationError("--settings is for --databases without a module")
        }
    }

    func run() throws {
        if let module { try self.check(module) }
        if self.databases { try self.checkDatabases() }
    }

    /// Tests every database of the settings file of the server.
    private func checkDatabases() throws {
        var typed: [GivenOption] = []
        for (name, value) in [("app-dir", self.appDir), ("settings", self.settings)] {
            guard let option = OptionTable.option(named: name), let value else { continue }
            typed.append(GivenOption(option, [value], .commandLine))
        }
        let start = try Start(module: nil, typed: typed)
        guard let databases = start.host?.databases, !databases.isEmpty else {
            throw HostError(
                code: .settings,
                message: "\(start.file?.path ?? "settings"): no databases are declared; add the key 'databases'")
        }
        let terminal = Terminal.output
        let environment = try start.deployment().preparation.environment ?? [:]
        var hasFailed = false
        for database in databases {
            let outcome = DatabaseCheck(database, trust: start.options.host.trust) { environment[$0] }
            terminal.write(outcome.line(database.name, terminal))
            hasFailed = hasFailed || outcome.isFailure
        }
        if hasFailed { throw ExitCode(1) }
    }

    private func check(_ module: String) throws {
        let name = try ModuleName(module)
        if case .dotted(let words) = name.place, let source = PythonSource.file(of: words, below: self.appDir),
            !ModuleLocator(folders: [self.appDir]).hasLibrary(words)
        {
            throw HostError(
                code: .usage, message: "\(source) is a Python application; roost check examines libraries only")
        }
        let path = try ModuleLocator(folders: [self.appDir]).path(of: name)
        let report = try ModuleReport(
            path: path, symbol: name.symbol, trust: FileTrust(), probe: ModuleProbe(time: self.probeTimeout)
        )
        let terminal = Terminal.output
        var text = ""
        for (name, value) in report.rows {
            text += "\(terminal.dim(name + String(repeating: " ", count: max(11 - name.count, 1))))\(value)\n"
        }
        for risk in report.risks { text += "\(terminal.yellow("risk"))       \(risk)\n" }
        if let fault = report.fault {
            text += "\(terminal.red("wrong"))      \(fault)\n"
        } else {
            text += "\(terminal.green("ok"))         the module can be served by this host\n"
        }
        terminal.write(text)
        if report.fault != nil { throw ExitCode(1) }
        guard self.conformance else { return }
        guard try Conformance.hold(module, appDir: self.appDir) else { throw ExitCode(1) }
    }
}
