import ArgumentParser
import Glibc
import Roost
import RoostModules
import RoostSystem

/// `roost check MODULE`.
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Load a module in a child and say what it is, what is wrong with it, and what is risky."
    )

    @Argument(help: "The module to check.")
    var module: String

    @Option(help: "Look up names of modules below this folder.")
    var appDir = HostConfiguration().folder

    @Option(help: "Seconds that it may take to be loaded.")
    var probeTimeout = ModuleProbe().time

    @Flag(help: "Serve it too, be its clients, and hold what it does against asgi.h.")
    var conformance = false

    func run() throws {
        let name = try ModuleName(self.module)
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
            text += "\(terminal.green("ok"))         this host can serve it\n"
        }
        terminal.write(text)
        if report.fault != nil { throw ExitCode(1) }
        guard self.conformance else { return }
        guard try Conformance.hold(self.module, appDir: self.appDir) else { throw ExitCode(1) }
    }
}
