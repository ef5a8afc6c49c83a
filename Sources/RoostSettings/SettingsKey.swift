/// A key of a settings file: its name, the kind of its value, its default and its meaning.
package struct SettingsKey: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        case text
        /// One text, or a list of texts.
        case texts
        case flag
        case choice([String])
        case map
        case textOrMap
        /// A list of maps.
        case maps
        /// A list of texts and maps.
        case textsOrMaps

        package var words: String {
            switch self {
            case .text: "a single value"
            case .texts: "a value, or a list of values"
            case .flag: "true or false"
            case .choice(let choices): choices.joined(separator: ", ").replacingLast(", ", with: " or ")
            case .map: "a map of keys and values"
            case .textOrMap: "a name, or a map of keys and values"
            case .maps: "a list of maps"
            case .textsOrMaps: "a list of names, and of maps"
            }
        }
    }

    package var name: String
    package var kind: Kind
    /// The default, for display; nil if there is none.
    package var standard: String?
    package var meaning: String
    /// The accepted values, for display.
    package var values: String

    /// `values`: the accepted values, if the kind does not describe them precisely.
    package init(_ name: String, _ kind: Kind, standard: String? = nil, _ meaning: String, values: String? = nil) {
        self.name = name
        self.kind = kind
        self.standard = standard
        self.meaning = meaning
        self.values = values ?? kind.words
    }
}

extension String {
    fileprivate func replacingLast(_ part: String, with other: String) -> String {
        guard let last = self.ranges(of: part).last else { return self }
        return self.replacingCharacters(in: last, with: other)
    }

    private func replacingCharacters(in range: Range<Index>, with other: String) -> String {
        self[..<range.lowerBound] + other + self[range.upperBound...]
    }
}
