import ArgumentParser
import Glibc
import RoostSystem

/// `roost execute`: the internal process that switches to a worker's user and then executes an interpreter, which runs
/// code of the application's environment as soon as it starts.
struct Execute: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Execute a program with the privileges of a worker.", shouldDisplay: false
    )

    /// The privileges (`Privileges.words`), `--`, and the program with its arguments.
    @Argument(parsing: .captureForPassthrough) var arguments: [String] = []

    func run() throws {
        let words = self.arguments.prefix(3)
        guard let privileges = Privileges(words: Array(words)), self.arguments.count > 4, self.arguments[3] == "--"
        else {
            throw HostError(code: .usage, message: "roost execute is started by the supervisor only")
        }
        let program = Array(self.arguments[4...])
        try privileges.apply()
        var pointers = program.map { strdup($0) } + [nil]
        execv(program[0], &pointers)
        throw HostError(code: .module, message: "\(program[0]): \(String(cString: strerror(errno)))")
    }
}
