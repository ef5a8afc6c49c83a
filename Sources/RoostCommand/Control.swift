import ArgumentParser
import Glibc
import RoostDeployment
import RoostSystem
import Supervision

/// Which start a command talks to.
struct ControlOptions: ParsableArguments {
    @Option(help: "The one that listens on this port, when more than one runs.")
    var port: Int?

    @Option(help: "Its --run-dir, when it was given one.")
    var runDir: String?

    var client: ControlClient {
        get throws { try ControlClient.find(runDirectory: self.runDir, port: self.port) }
    }
}

/// `roost status`.
struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say how a running server is: its workers, its applications, what went wrong.")

    @OptionGroup var control: ControlOptions

    @Flag(help: "As one line of JSON.")
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
        abstract: "Have a running server look at its settings and its modules anew, and serve what it finds.",
        discussion: """
            What is another file, or has other settings, becomes a new generation: in the workers that run, or, where that cannot be done, in new \
            ones. Ends when it serves (exit status 0), or was refused (1): then what was there serves on.
            """
    )

    @OptionGroup var control: ControlOptions

    @Argument(help: "Only these, by their names or their mounts. [default: all]")
    var applications: [String] = []

    @Flag(help: "Load what is the same again too: its statics begin afresh.")
    var force = false

    @Flag(help: "In new workers, whatever could be done in those that run.")
    var newWorkers = false

    func run() throws {
        let (text, fault) = try self.control.client.reload(
            ReloadRequest(
                names: Set(self.applications), isAsked: true, isForced: self.force, inNewWorkers: self.newWorkers))
        for line in text.split(separator: "\n") { Terminal.output.write("\(LogText.printable(String(line)))\n") }
        guard let fault else { return }
        throw HostError(code: .startup, message: "not reloaded, what was there serves on: \(fault)")
    }
}

/// `roost stop`.
struct Stop: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stop a running server: what is under way ends first. Ends when the server has."
    )

    @OptionGroup var control: ControlOptions

    func run() throws {
        try self.control.client.stop()
        Terminal.output.write("stopped\n")
    }
}
