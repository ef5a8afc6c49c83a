import ArgumentParser
import Glibc
import ModuleRuntime
import RoostSystem

/// The command `roost`. Each subcommand has a file of its own.
@main
struct RoostCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "roost",
        abstract: "An application server for shared libraries.",
        version: "roost \(RoostVersion.current)",
        subcommands: [
            Serve.self, New.self, Check.self, Settings.self, Status.self, Reload.self, Stop.self, Version.self,
            Probe.self, Conformance.self, WorkerCommand.self, Execute.self, Reference.self,
        ],
        defaultSubcommand: Serve.self
    )

    @Flag(help: "Print the folder of the C headers, for the compiler's option -I.")
    var includeDir = false

    /// The subcommands that are suggested for misspelt names.
    static let commands = ["serve", "new", "check", "settings", "status", "reload", "stop", "version", "help"]

    /// Runs the command. Exit status: 0 for success, 2 for a usage error, 1 for any other failure. A failure is written
    /// as one line.
    static func main() {
        do {
            let words = try OtherCommandLine.own.get().words
            // Without a subcommand ArgumentParser would run the default one.
            guard words != ["--include-dir"] else {
                return Terminal.output.write("\(try RoostPaths.includeFolder())\n")
            }
            var command = try self.parseAsRoot(words)
            try command.run()
        } catch let error as HostError {
            self.fail(error.message, isUsage: [.usage, .module, .settings].contains(error.code))
        } catch {
            let code = self.exitCode(for: error)
            if code == .success {
                print(self.fullMessage(for: error))
                self.exit(withError: nil)
            }
            if error is ExitCode { self.exit(withError: error) }
            let isUsage = code == .validationFailure
            self.fail(self.message(for: error) + (isUsage ? " (see roost --help)" : ""), isUsage: isUsage)
        }
    }

    private static func fail(_ message: String, isUsage: Bool) -> Never {
        Terminal.error.write("roost: \(LogText.printable(message.split(separator: "\n").joined(separator: " ")))\n")
        Glibc.exit(isUsage ? 2 : 1)
    }
}
