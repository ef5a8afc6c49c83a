import ArgumentParser
import Glibc
import RoostDeployment
import RoostSystem
import Supervision

/// The running server that a command addresses.
struct ControlOptions: ParsableArguments {
    @Option(help: "Port of the server, if more than one runs.")
    var port: Int?

    @Option(help: "The server's --run-dir, if it was started with one. (default: $ROOST_RUN_DIR)")
    var runDir: String?

    var client: ControlClient {
        get throws {
            let folder = self.runDir ?? ProcessEnvironment.atStart["ROOST_RUN_DIR"]
            return try ControlClient.find(runDirectory: folder, port: self.port)
        }
    }
}

/// `roost status`.
struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the status of a running server: workers, applications, recent errors.")

    @OptionGroup var control: ControlOptions

    @Flag(help: "Print one line of JSON.")
    var json = false

    func run() throws {
        let report = try self.control.client.status()
        let terminal = Terminal.output
        guard !self.json else { return terminal.write(report.json) }
        terminal.write(
            report.table(now: time(nil)) { text, style in
                switch style {
                case .plain: text
                case .strong: terminal.bold(text)
                case .dim: terminal.dim(text)
                case .good: terminal.green(text)
                case .bad: terminal.red(text)
                }
            })
    }
}

/// `roost reload`.
struct Reload: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Reload settings and changed modules in a running server.",
        discussion: """
            Changed modules, and modules with changed settings, are loaded as new generations: in the running workers, or, where that is \
            impossible, in new workers. Waits for the result. Exit status: 0 if the new generations serve, 1 if one was refused and its \
            previous version still serves.
            """
    )

    @OptionGroup var control: ControlOptions

    @Argument(help: "Names or mounts of the applications to reload. (default: all)")
    var applications: [String] = []

    @Flag(help: "Also reload unchanged modules; their static variables are initialized again.")
    var force = false

    @Flag(help: "Replace all workers, even where a reload in place is possible.")
    var newWorkers = false

    func run() throws {
        let (text, fault) = try self.control.client.reload(
            ReloadRequest(
                names: Set(self.applications), isAsked: true, isForced: self.force, inNewWorkers: self.newWorkers))
        for line in text.split(separator: "\n") { Terminal.output.write("\(LogText.printable(String(line)))\n") }
        guard let fault else { return }
        throw HostError(code: .startup, message: "reload failed, the previous version is still serving: \(fault)")
    }
}

/// `roost stop`.
struct Stop: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stop a running server gracefully, and wait until it has stopped."
    )

    @OptionGroup var control: ControlOptions

    func run() throws {
        try self.control.client.stop()
        Terminal.output.write("stopped\n")
    }
}
