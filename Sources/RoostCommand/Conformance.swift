import ArgumentParser
import Glibc
import Roost
import RoostDeployment
import RoostModules
import RoostSystem

/// `roost conformance`: the internal child process of `roost check --conformance`.
struct Conformance: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve a module and check it against asgi.h.", shouldDisplay: false
    )

    @Argument var module: String
    @Option var appDir = HostConfiguration().folder

    /// Seconds until a module that does not finish is killed.
    static let limit: UInt32 = 120

    func run() throws {
        alarm(Self.limit)
        signal(SIGPIPE, SIG_IGN)
        var preparation = ApplicationPreparation()
        preparation.folder = self.appDir
        let run = try RunDirectory.make(nil)
        let conformance = ModuleConformance(try preparation.prepare(try ModuleName(self.module), run: run))
        let terminal = Terminal.output
        Task {
            var isGood = true
            await conformance.run { name in
                // Written before the test case, so that the output shows where a crash happened.
                terminal.write("\(name): ")
            } _: { outcome in
                isGood = isGood && outcome.fault == nil
                terminal.write(
                    outcome.fault.map { "\(terminal.red("failed")): \($0)\n" } ?? "\(terminal.green("ok"))\n")
            }
            run.remove()
            _exit(isGood ? 0 : 1)
        }
        while true { pause() }
    }

    /// Runs the child process. Returns false if a test case failed; the output says which.
    static func hold(_ module: String, appDir: String) throws -> Bool {
        let words = ["roost", "conformance", module, "--app-dir", appDir]
        var arguments = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var child = pid_t()
        let code = posix_spawn(&child, ChildProcess.ownCommand, nil, nil, &arguments, environ)
        guard code == 0 else {
            throw HostError(code: .module, message: "cannot start a child process: \(String(cString: strerror(code)))")
        }
        var status: CInt = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7f
        if signal == SIGALRM {
            Terminal.output.write("failed: did not finish within \(Self.limit) seconds\n")
        } else if signal != 0 {
            Terminal.output.write("failed: crashed with \(SignalName(signal))\n")
        }
        return status == 0
    }
}
