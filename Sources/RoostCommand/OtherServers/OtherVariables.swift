import Roost
import RoostSettings
import RoostSystem

/// The environment variables of Uvicorn, which set the same options as its command line: `UVICORN_PORT`.
enum OtherVariables {
    /// The variable that names the application.
    static let application = "UVICORN_APP"
    /// The variable of `--forwarded-allow-ips` that Uvicorn and Gunicorn read; $UVICORN_FORWARDED_ALLOW_IPS takes
    /// precedence.
    private static let trusted = "FORWARDED_ALLOW_IPS"

    /// Returns the options that the variables set. Throws `HostError` for one that Roost refuses, or whose value is
    /// invalid.
    static func given(_ environment: [String: String]) throws -> [GivenOption] {
        try OtherOption.ofUvicorn.flatMap { option -> [GivenOption] in
            guard option.names.count == 1, !option.names[0].hasPrefix("--no-") else { return [] }
            let names = [Self.variable(option)] + (option.name == "forwarded-allow-ips" ? [Self.trusted] : [])
            // An empty $FORWARDED_ALLOW_IPS trusts no peer; any other variable that is empty is not set.
            let given = names.first { name in
                environment[name].map { !$0.isEmpty || name == Self.trusted } ?? false
            }
            guard let name = given, let value = environment[name] else { return [] }
            if let values = option.values, !values.contains(value) {
                // Another rule may be about this value.
                let known = OtherOption.ofUvicorn.filter { $0.names == option.names }.flatMap { $0.values ?? [] }
                guard known.contains(value) else {
                    throw HostError(
                        code: .settings, message: "$\(name): '\(value)' is not one of \(known.joined(separator: ", "))")
                }
                return []
            }
            switch option.treatment {
            case .same:
                guard let own = OptionTable.option(named: option.name) else { return [] }
                // Folders are separated as in $PATH.
                let separator: Character = option.name == "reload-dir" ? ":" : " "
                return [try GivenOption(own, variable: name, value, separator: separator)]
            case .replaced(let words):
                let read = try GivenOption.read(try words(value))
                return read.map { GivenOption($0.option, $0.values, .environment(name)) }
            case .ignored: return []
            case .refused:
                // A flag that is off asks for nothing.
                guard SettingsValues.flag(value) != false else { return [] }
                throw HostError(code: .settings, message: "$\(name): \(option.remark)")
            }
        }
    }

    /// `UVICORN_LOG_LEVEL` for `--log-level`.
    static func variable(_ option: OtherOption) -> String {
        "UVICORN_" + String(option.name.uppercased().map { $0 == "-" ? "_" : $0 })
    }
}

extension GivenOption {
    /// The option as an environment variable sets it. Throws `HostError` if the value of a flag is neither true nor
    /// false.
    init(_ option: ServerOption, variable name: String, _ value: String, separator: Character = " ") throws {
        switch option.declaration.kind {
        case .flag where SettingsValues.flag(value) == nil:
            throw HostError(code: .settings, message: "$\(name): '\(value)' is not true or false")
        case .texts:
            self.init(option, value.split(separator: separator).map(String.init), .environment(name))
        case .flag, .number, .decimal, .text, .commaSeparated, .choice, .boolean:
            self.init(option, [value], .environment(name))
        }
    }
}
