/// The results of a reload, collected until it ends. A value type without I/O.
struct ReloadReport {
    /// The results by application number.
    private var lines: [UInt32: String] = [:]
    private var faults: [UInt32: String] = [:]
    /// Results that concern no single application.
    private var generalLines: [String] = []
    private var generalFaults: [String] = []
    /// Whether a caller waits for it.
    var isAsked = false

    mutating func succeed(_ number: UInt32, _ line: String) {
        self.faults[number] = nil
        self.lines[number] = line
    }

    mutating func fail(_ number: UInt32, _ reason: String) {
        self.lines[number] = nil
        self.faults[number] = reason
    }

    /// Adds a result that concerns no single application.
    mutating func succeed(_ line: String) { self.generalLines.append(line) }

    /// Adds a fault that concerns no single application.
    mutating func fail(_ reason: String) { self.generalFaults.append(reason) }

    /// The successes, one per line.
    var text: String {
        let lines = self.generalLines + self.lines.sorted { $0.key < $1.key }.map(\.value)
        return lines.isEmpty && self.fault == nil ? Self.nothing : lines.joined(separator: "\n")
    }

    /// The faults; nil if there are none.
    var fault: String? {
        var reasons: [String] = []
        for reason in self.faults.sorted(by: { $0.key < $1.key }).map(\.value) + self.generalFaults
        where !reasons.contains(reason) {
            reasons.append(reason)
        }
        return reasons.isEmpty ? nil : reasons.joined(separator: "; ")
    }

    static let nothing = "nothing to reload: no file or setting has changed (--force reloads anyway)"
}
