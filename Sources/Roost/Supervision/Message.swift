import RoostSettings

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

    /// Nil: the line is not a message. A module can write to the other process as its worker can, so that the line is read within limits:
    /// one map of texts, which takes no more than the line.
    init?(line: some StringProtocol) {
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
