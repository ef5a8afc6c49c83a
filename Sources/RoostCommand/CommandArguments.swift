import CLinux
import RoostSystem

/// The arguments of the command line. `CommandLine.arguments` reads them from /proc and is empty if that is not
/// mounted.
enum CommandArguments {
    /// The arguments without the name of the program. Throws `HostError`.
    static var words: [String] {
        get throws {
            let all = (0..<roost_argument_count()).compactMap { roost_argument($0).map { String(cString: $0) } }
            // A process always has at least its own name.
            guard !all.isEmpty || !CommandLine.arguments.isEmpty else {
                throw HostError(code: .usage, message: "cannot read the command line; mount /proc")
            }
            return Array((all.isEmpty ? CommandLine.arguments : all).dropFirst())
        }
    }
}
