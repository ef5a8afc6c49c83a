package import RoostSettings

/// The source of an option's value.
package enum OptionOrigin: Sendable, Equatable {
    case commandLine
    /// The name of the variable.
    case environment(String)
    /// File and line of a settings file of the command.
    case file(String)
    /// File and line of settings that a program passes to its host.
    case program(String)

    package var text: String {
        switch self {
        case .commandLine: "command line"
        case .environment(let name): "$\(name)"
        case .file(let place), .program(let place): place
        }
    }

    /// How error messages name options from this source.
    package var naming: OptionFault.Naming {
        if case .program = self { .key } else { .option }
    }
}
