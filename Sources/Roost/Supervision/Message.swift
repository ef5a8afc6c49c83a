import Yams

/// What the processes of one start tell each other: a name, and texts; one line of JSON on the wire.
struct Message: Equatable, Sendable {
    var name: String
    var fields: [String: String]

    init(_ name: String, _ fields: [String: String] = [:]) {
        self.name = name
        self.fields = fields
    }

    private static let nameKey = "message"

    /// With its newline.
    var line: String {
        let members = [(Self.nameKey, self.name)] + self.fields.sorted { $0.key < $1.key }
        return "{" + members.map { "\(JSONText.quoted($0.0)):\(JSONText.quoted($0.1))" }.joined(separator: ",") + "}\n"
    }

    /// Nil: the line is no message. JSON is YAML, and Yams is here for the settings.
    init?(line: some StringProtocol) {
        guard case .mapping(let mapping)? = try? Yams.compose(yaml: String(line)) else { return nil }
        var fields: [String: String] = [:]
        for (key, value) in mapping {
            guard let key = key.scalar?.string, let value = value.scalar?.string else { return nil }
            fields[key] = value
        }
        guard let name = fields.removeValue(forKey: Self.nameKey) else { return nil }
        self.init(name, fields)
    }
}

extension Message {
    /// What a worker says about applications that do not start, by their numbers.
    var faults: [UInt32: String] {
        var faults: [UInt32: String] = [:]
        for (key, reason) in self.fields where key.hasPrefix("failed.") {
            if let number = UInt32(key.dropFirst("failed.".count)) { faults[number] = reason }
        }
        return faults
    }
}

/// Puts lines together from what comes over a stream. A value without I/O.
struct LineBuffer {
    /// Bytes of a line: who sends a longer one is not understood.
    private let most: Int
    private var bytes: [UInt8] = []
    private(set) var isOverlong = false

    init(most: Int) { self.most = most }

    /// Takes what has come; says the lines that are whole now, without their ends.
    mutating func take(_ more: some Sequence<UInt8>) -> [String] {
        var lines: [String] = []
        for byte in more {
            if byte == UInt8(ascii: "\n") {
                lines.append(String(decoding: self.bytes, as: UTF8.self))
                self.bytes.removeAll(keepingCapacity: true)
            } else if self.bytes.count < self.most {
                self.bytes.append(byte)
            } else {
                self.isOverlong = true
            }
        }
        return lines
    }

    /// What has come of a line that is not whole.
    mutating func takeRest() -> String? {
        guard !self.bytes.isEmpty else { return nil }
        defer { self.bytes = [] }
        return String(decoding: self.bytes, as: UTF8.self)
    }
}
