package import RoostSettings

/// An option as one source gives it.
package struct GivenOption: Sendable {
    package let option: ServerOption
    package let values: [String]
    package let origin: OptionOrigin

    package init(_ option: ServerOption, _ values: [String], _ origin: OptionOrigin) {
        self.option = option
        self.values = values
        self.origin = origin
    }
}

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

/// Why options are refused.
package struct OptionError: Error {
    /// Nil: several options are wrong together.
    package let origin: OptionOrigin?
    package let message: String

    init(origin: OptionOrigin, message: String) {
        self.origin = origin
        self.message = message
    }

    package init(_ message: String) {
        self.origin = nil
        self.message = message
    }
}
