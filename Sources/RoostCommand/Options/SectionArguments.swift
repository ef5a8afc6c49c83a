import ArgumentParser
import Roost
import RoostSettings

/// The options of one section of `OptionTable` as arguments of a command. Contains those that are given on the command
/// line.
///
/// ArgumentParser finds the arguments of a type by reflection, and reads their values with the decoder of
/// `init(from:)`. This type implements both from the table: each option is reflected as the property wrapper that a
/// property would have.
struct SectionArguments<Section: OptionSection>: ParsableArguments, CustomReflectable {
    private(set) var given: [GivenOption] = []

    init() {}

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: OptionKey.self)
        for option in Section.section.options {
            let key = OptionKey(stringValue: option.name)
            let texts: [String]
            switch option.declaration.kind {
            case .flag(isNegatable: true):
                texts = try values.decode(Flag<Bool?>.self, forKey: key).wrappedValue.map { ["\($0)"] } ?? []
            case .flag(isNegatable: false):
                texts = try values.decode(Flag<Bool>.self, forKey: key).wrappedValue ? ["true"] : []
            case .texts: texts = try values.decode(Option<[String]>.self, forKey: key).wrappedValue
            case .number, .decimal, .text, .commaSeparated, .choice, .boolean:
                texts = try values.decode(Option<String?>.self, forKey: key).wrappedValue.map { [$0] } ?? []
            }
            if !texts.isEmpty { self.given.append(GivenOption(option, texts, .commandLine)) }
        }
    }

    var customMirror: Mirror {
        Mirror(self, children: Section.section.options.map { Mirror.Child(label: $0.name, value: Self.argument($0)) })
    }

    private static func argument(_ option: ServerOption) -> Any {
        let name = NameSpecification.customLong(option.name)
        let help = ArgumentHelp(
            [option.declaration.meaning, self.remark(option)].filter { !$0.isEmpty }.joined(separator: " "),
            valueName: option.declaration.valueName)
        switch option.declaration.kind {
        case .flag(isNegatable: true): return Flag<Bool?>(name: name, inversion: .prefixedNo, help: help)
        case .flag(isNegatable: false): return Flag<Bool>(wrappedValue: false, name: name, help: help)
        case .texts: return Option<[String]>(wrappedValue: [], name: name, parsing: .singleValue, help: help)
        case .choice(let choices):
            return Option<String?>(name: name, help: help, completion: .list(choices))
        case .number, .decimal, .text, .commaSeparated, .boolean:
            return Option<String?>(name: name, help: help)
        }
    }

    /// Returns the values and the default, formatted as ArgumentParser does for properties.
    private static func remark(_ option: ServerOption) -> String {
        var standard = option.standard.isEmpty ? option.declaration.unset : option.standard
        switch option.declaration.kind {
        case .choice(let choices):
            return "(values: \(choices.joined(separator: ", "))\(standard.map { "; default: \($0)" } ?? ""))"
        case .flag(isNegatable: false): return ""
        case .flag(isNegatable: true): standard = standard == "true" ? "--\(option.name)" : "--no-\(option.name)"
        case .number, .decimal, .text, .texts, .commaSeparated, .boolean: break
        }
        return standard.map { "(default: \($0))" } ?? ""
    }

}

/// The name of an option as a key of ArgumentParser's decoder.
private struct OptionKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }

    init?(intValue: Int) { nil }
}
