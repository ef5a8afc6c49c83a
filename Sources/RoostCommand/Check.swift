import ArgumentParser
import Glibc
import Roost
import RoostModules
import RoostPython
import RoostSystem

/// `roost check MODULE`.
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Load a module in a child process and report its description, faults and risks."
    )

    @Argument(help: "The module to check.")
    var module: String

    @Option(help: "Folder below which modules are found by name.")
    var appDir = HostConfiguration().folder

    @Option(help: "Maximum time to load the module, in seconds.")
    var probeTimeout = ModuleProbe().time

    @Flag(help: "Also serve the module, send test requests to it, and report every violation of asgi.h.")
    var conformance = false

    func run() throws {
        let name = try ModuleName(self.module)
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
        guard try Conformance.hold(self.module, appDir: self.appDir) else { throw ExitCode(1) }
    }
}
