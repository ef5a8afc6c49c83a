import ArgumentParser
import Logging
import Roost
import RoostSettings
import RoostSystem

/// A command line with the options of other servers replaced by those of `roost`, and the options that have no effect.
struct OtherCommandLine {
    /// An option that is accepted, but has no effect.
    struct Ignored: Equatable {
        let option: String
        let reason: String
    }

    private(set) var words: [String] = []
    private(set) var ignored: [Ignored] = []
    private var rest: ArraySlice<String>

    /// `words`: the command line without the name of the program. Throws `ValidationError` for an option that is
    /// refused.
    init(_ words: [String]) throws {
        self.rest = words[...]
        // Other subcommands have options of their own.
        if let first = words.first, Self.isSubcommand(first), !["serve", "settings"].contains(first) {
            self.words = words
            return
        }
        while let word = self.rest.popFirst() {
            guard word != "--" else {
                self.words += [word] + self.rest
                return
            }
            try self.read(word)
        }
    }

    /// The command line of this process.
    static let own = Result { try OtherCommandLine(CommandArguments.words) }

    /// The rules for an option, in the order of the servers.
    private static let rules = OtherServer.allCases.flatMap(\.options).reduce(into: [String: [OtherOption]]()) {
        for name in $1.names { $0[name, default: []].append($1) }
    }

    /// Logs the options of this process that have no effect.
    static func logIgnored(_ logger: Logger) throws {
        for option in try self.own.get().ignored {
            logger.log(.optionIgnored, ["option": "\(option.option)", "reason": "\(option.reason)"])
        }
    }

    private static func isSubcommand(_ word: String) -> Bool {
        RoostCommand.configuration.subcommands.contains { $0._commandName == word } || word == "help"
    }

    private mutating func read(_ word: String) throws {
        guard let (name, given) = Self.split(word) else { return self.words.append(word) }
        let rules = Self.rules[name] ?? []
        let value = given ?? self.rest.first
        guard let rule = try Self.rule(among: rules, name, value, isOwn: Self.isOwn(name)) else {
            return self.words.append(word)
        }
        var argument = ""
        if rule.takesValue, !rule.isRefused {
            guard let value else { throw ValidationError("Missing value for '\(name)'") }
            if given == nil { self.rest = self.rest.dropFirst() }
            argument = value
        }
        switch rule.treatment {
        case .same: self.words += given == nil && rule.takesValue ? [word, argument] : [word]
        case .replaced(let words):
            do { self.words += try words(argument) } catch let fault as OtherOptionFault {
                throw ValidationError("\(name): \(fault.text)")
            }
        case .ignored: self.ignored.append(Ignored(option: name, reason: rule.remark))
        case .refused: throw ValidationError("\(name): \(rule.remark)")
        }
    }

    /// Splits `--name=value`, `--name`, `-n` and `-nVALUE` into name and value; nil for a word that is no option.
    private static func split(_ word: String) -> (name: String, value: String?)? {
        guard word.hasPrefix("-"), word.count > 1 else { return nil }
        guard word.hasPrefix("--") else {
            let rest = word.dropFirst(2)
            let value = String(rest.hasPrefix("=") ? rest.dropFirst() : rest)
            return (String(word.prefix(2)), value.isEmpty ? nil : value)
        }
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        return (String(parts[0]), parts.count == 2 ? String(parts[1]) : nil)
    }

    private static func isOwn(_ name: String) -> Bool {
        name.hasPrefix("--")
            && (OtherOption.isOwn(String(name.dropFirst(2))) || ["--help", "--version"].contains(name))
    }

    /// Returns the rule for an option; nil for an option of Roost, and for an unknown one.
    private static func rule(
        among rules: [OtherOption], _ name: String, _ value: String?, isOwn: Bool
    ) throws -> OtherOption? {
        if let value, let rule = rules.first(where: { $0.values?.contains(value) == true }) { return rule }
        guard !isOwn else { return nil }
        if let rule = rules.first(where: { $0.values == nil }) { return rule }
        let values = rules.flatMap { $0.isRefused ? [] : $0.values ?? [] }
        guard let value, !values.isEmpty else { return nil }
        throw ValidationError("\(name): '\(value)' is not one of \(values.joined(separator: ", "))")
    }
}

extension OtherOption {
    var isRefused: Bool { if case .refused = self.treatment { true } else { false } }
}
