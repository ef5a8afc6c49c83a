import ArgumentParser
import Supervision

/// `roost worker`: the internal process that a supervisor starts to load modules and serve.
struct WorkerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker", abstract: "Serve as a worker of the supervisor.", shouldDisplay: false
    )

    /// The options that the supervisor passes on.
    @Argument(parsing: .captureForPassthrough) var arguments: [String] = []

    func run() throws { try WorkerProcess.run(self.arguments) }
}
