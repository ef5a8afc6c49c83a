import RoostSystem

/// Why an option's value is invalid.
package enum OptionFault: Error, Equatable {
    /// The value is not of the option's kind.
    case malformed(String)
    /// The number is outside of the option's range: the number, the lower and the upper bound.
    case outOfRange(String, String, String)
    /// Any other reason: text that follows the option's name.
    case refused(String)

    /// How a message names the option.
    package enum Naming: Sendable {
        /// `--port`
        case option
        /// `'port'`
        case key

        package func name(_ option: String) -> String {
            switch self {
            case .option: "--\(option)"
            case .key: "'\(option)'"
            }
        }
    }

    /// The message for the operator.
    package func message(for option: OptionDeclaration, _ naming: Naming) -> String {
        let name = naming.name(option.name)
        switch self {
        case .malformed(let given):
            // A value under the wrong key may be a secret.
            let value = Redaction.shown(given, of: option.name)
            let choices = if case .choice(let choices) = option.kind { choices } else { [String]() }
            if case .key = naming { return "\(name) must be \(option.valuesText), found '\(ShownText.of(value))'" }
            let quoted = choices.map { "'\($0)'" }
            let hint =
                quoted.last.map { ". Please provide one of \(quoted.dropLast().joined(separator: ", ")) or \($0)." }
                ?? ""
            return "The value '\(value)' is invalid for '\(name) <\(option.valueName)>'\(hint)"
        case .outOfRange(let value, let least, let most): return "\(name) \(value) is not between \(least) and \(most)"
        case .refused(let words): return "\(name) \(words)"
        }
    }
}
