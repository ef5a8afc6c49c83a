import RoostSystem

/// The declaration of a middleware: its name and its options. As an option `cors,origins=https://a.example,max-age=60`;
/// in a settings file a name, or a map with the name as its only key. Which names and options exist is not known here.
public struct MiddlewareEntry: Sendable, Hashable, CustomStringConvertible {
    public let name: String
    /// Names and values in their order; a name may be repeated.
    public let options: [Option]

    public struct Option: Sendable, Hashable {
        public let name: String
        public let value: String

        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    public init(_ name: String, _ options: [Option] = []) {
        self.name = name
        self.options = options
    }

    /// Parses `NAME[,OPTION=VALUE]...`; a backslash before a comma makes it a part of the value.
    public init(_ text: String) {
        var parts = [""]
        var isEscaped = false
        for character in text {
            if isEscaped || (character != "," && character != "\\") {
                parts[parts.count - 1].append(character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else {
                parts.append("")
            }
        }
        self.name = parts[0]
        self.options = parts.dropFirst().map { part in
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            return Option(pair[0], pair.count == 2 ? pair[1] : "")
        }
    }

    /// The form that `init` accepts.
    public var description: String {
        ([self.name] + self.options.map { $0.value.isEmpty ? $0.name : "\($0.name)=\(Self.escaped($0.value))" })
            .joined(separator: ",")
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing(",", with: "\\,")
    }

    /// Reads the key `middleware`: a list of names, and of maps with one name and a map of options. Throws `HostError`.
    static func read(_ values: SettingsValues) throws -> [MiddlewareEntry] {
        try (values.nodes["middleware"]?.list ?? []).map { node in
            if let name = node.text { return MiddlewareEntry(name) }
            let entries = Array(node.map ?? SettingsMap())
            guard entries.count == 1, let entry = entries.first, let map = entry.value.map else {
                throw SettingsFile.error(
                    values.file.path, node.line,
                    "'\(values.prefix)middleware' is a list of names, and of maps like {cors: {origins: same}}")
            }
            return MiddlewareEntry(
                entry.name,
                try map.flatMap { option in
                    let texts = option.value.list.map { $0.map(\.text) } ?? [option.value.text]
                    return try texts.map { text in
                        guard let text else {
                            throw SettingsFile.error(
                                values.file.path, option.line,
                                "'\(values.prefix)middleware.\(entry.name).\(option.name)' must be a value, or a list of values"
                            )
                        }
                        return Option(option.name, text)
                    }
                })
        }
    }
}
