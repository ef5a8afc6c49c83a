/// How what somebody asked for has gone, until all of it has. A value without I/O.
package struct ReloadReport {
    /// What has become of each, by number.
    private var lines: [UInt32: String] = [:]
    private var faults: [UInt32: String] = [:]
    /// What concerns none of them alone.
    private var general: [String] = []
    /// Somebody waits for it.
    package var isAsked = false

    package init() {}

    package mutating func succeed(_ number: UInt32, _ line: String) {
        self.faults[number] = nil
        self.lines[number] = line
    }

    package mutating func fail(_ number: UInt32, _ reason: String) {
        self.lines[number] = nil
        self.faults[number] = reason
    }

    package mutating func say(_ line: String) { self.general.append(line) }

    /// What went well, a line each.
    package var text: String {
        let lines = self.general + self.lines.sorted { $0.key < $1.key }.map(\.value)
        return lines.isEmpty && self.faults.isEmpty ? Self.nothing : lines.joined(separator: "\n")
    }

    /// Why something did not; nil: everything did.
    package var fault: String? {
        guard !self.faults.isEmpty else { return nil }
        var reasons: [String] = []
        for (_, reason) in self.faults.sorted(by: { $0.key < $1.key }) where !reasons.contains(reason) {
            reasons.append(reason)
        }
        return reasons.joined(separator: "; ")
    }

    package static let nothing = "nothing to reload: everything is what it was (--force loads it anew)"
}
