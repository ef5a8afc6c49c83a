/// The settings of one worker group in `server.groups`.
package struct GroupSettings {
    package let name: String
    /// The group's own options, checked against the schema that `init` takes.
    package let options: SettingsValues
    /// The group's own environment variables.
    package let environment: [String: String]

    /// `options`: the schema of the group's options. Throws `HostError`.
    package init(_ name: String, _ map: SettingsMap, _ options: SettingsSchema, in file: SettingsFile) throws {
        let prefix = "server.groups.\(name)."
        let schema = SettingsSchema(options.keys + [Self.environmentKey])
        self.name = name
        self.options = try schema.read(map, in: file, below: prefix)
        var environment: [String: String] = [:]
        for entry in self.options.map("environment") ?? SettingsMap() {
            guard ApplicationEntry.isVariable(entry.name), let value = entry.value.text else {
                throw SettingsFile.error(
                    file.path, entry.line, "'\(prefix)environment' must be a map of variable names and values")
            }
            environment[entry.name] = value
        }
        self.environment = environment
    }

    package static let environmentKey = SettingsKey(
        "environment", .map, "Environment variables, in addition to the server's own.")

    static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 64
            && text.utf8.allSatisfy {
                ($0 | 0x20) &- UInt8(ascii: "a") < 26 || $0 &- UInt8(ascii: "0") < 10 || [UInt8]("-_".utf8).contains($0)
            }
    }
}
