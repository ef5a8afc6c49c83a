import RoostSettings

/// What the processes of one start tell each other: a name, and texts; one line of JSON on the wire.
package struct Message: Equatable, Sendable {
    package var name: String
    package var fields: [String: String]

    package init(_ name: String, _ fields: [String: String] = [:]) {
        self.name = name
        self.fields = fields
    }

    private static let nameKey = "message"

    /// With its newline.
    package var line: String {
        let members = [(Self.nameKey, self.name)] + self.fields.sorted { $0.key < $1.key }
        return "{" + members.map { "\(JSONText.quoted($0.0)):\(JSONText.quoted($0.1))" }.joined(separator: ",") + "}\n"
    }

    /// Nil: the line is not a message. A module can write to the other process as its worker can, so that the line is read within limits:
    /// one map of texts, which takes no more than the line.
    package init?(line: some StringProtocol) {
        var limits = YAMLReader.Limits()
        limits.depth = 1
        (limits.nodes, limits.bytes) = (line.utf8.count, line.utf8.count)
        guard let map = (try? YAMLReader.read(String(line), limits: limits))?.map else { return nil }
        var fields: [String: String] = [:]
        for entry in map {
            guard let value = entry.value.text else { return nil }
            fields[entry.name] = value
        }
        guard let name = fields.removeValue(forKey: Self.nameKey) else { return nil }
        self.init(name, fields)
    }
}

extension Message {
    /// What a worker says about applications that do not start, by their numbers.
    package var faults: [UInt32: String] {
        var faults: [UInt32: String] = [:]
        for (key, reason) in self.fields where key.hasPrefix("failed.") {
            if let number = UInt32(key.dropFirst("failed.".count)) { faults[number] = reason }
        }
        return faults
    }
}
