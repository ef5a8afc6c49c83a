import RoostSettings
import RoostSystem

/// Options as the arguments of a worker's command line, which its supervisor writes and the worker reads.
extension GivenOption {
    /// The option as arguments.
    package var words: [String] {
        // An empty list replaces the default.
        if self.values.isEmpty, self.option.declaration.kind == .commaSeparated { return ["--\(self.option.name)="] }
        guard case .flag(let isNegatable) = self.option.declaration.kind else {
            return self.values.map { "--\(self.option.name)=\($0)" }
        }
        if SettingsValues.flag(self.values[0]) == true { return ["--\(self.option.name)"] }
        return isNegatable ? ["--no-\(self.option.name)"] : []
    }

    /// Reads the options of arguments that `words` has made, up to `--`, which the names of modules follow, for lists of
    /// processes only. Throws `HostError` for any others.
    package static func read(_ words: [String]) throws(HostError) -> [GivenOption] {
        var values: [(name: String, value: String)] = []
        for word in words.prefix(while: { $0 != "--" }) {
            guard let option = self.option(word) else {
                throw HostError(code: .usage, message: "roost worker is started by the supervisor only: \(word)")
            }
            values.append(option)
        }
        let byName = Dictionary(grouping: values, by: \.name)
        return OptionTable.all.compactMap { option in
            byName[option.name].map { GivenOption(option, $0.map(\.value), .commandLine) }
        }
    }

    private static func option(_ word: String) -> (name: String, value: String)? {
        guard word.hasPrefix("--") else { return nil }
        let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts[0])
        if parts.count == 2 { return OptionTable.option(named: name) == nil ? nil : (name, String(parts[1])) }
        if OptionTable.option(named: name) != nil { return (name, "true") }
        guard name.hasPrefix("no-"), OptionTable.option(named: String(name.dropFirst(3))) != nil else { return nil }
        return (String(name.dropFirst(3)), "false")
    }
}
