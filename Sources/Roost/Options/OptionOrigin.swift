package import RoostSettings

/// Where the value of an option comes from.
package enum OptionOrigin: Sendable, Equatable {
    case commandLine
    /// The variable.
    case environment(String)
    /// File and line, of a settings file of the command.
    case file(String)
    /// The same, of settings that a program gives to the host.
    case program(String)

    package var text: String {
        switch self {
        case .commandLine: "command line"
        case .environment(let name): "$\(name)"
        case .file(let place), .program(let place): place
        }
    }

    /// How messages name its options.
    package var naming: OptionFault.Naming {
        if case .program = self { .key } else { .option }
    }
}
