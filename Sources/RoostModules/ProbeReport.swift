/// What a probe child tells its parent about a module: lines of `key=value`, closed by `end`.
package struct ProbeReport: Sendable, Equatable {
    /// What the module says about itself.
    package var description = ModuleDescription()
    /// Why it cannot be loaded; nil: it can.
    package var fault: String?

    /// The descriptor that a probe child writes the report to.
    package static let descriptor: CInt = 3
    /// Its last line.
    package static let end = "end"

    package var text: String {
        var lines: [(String, String)] = []
        if let fault { lines.append(("fault", fault)) }
        if self.description.isGiven {
            lines += [
                ("abi", "\(self.description.abi)"), ("draft", "\(self.description.draft)"),
                ("flags", "\(self.description.flags)"), ("name", self.description.name),
                ("version", self.description.version), ("settings", self.description.settings),
            ]
        }
        return lines.map { "\($0)=\(Self.oneLine($1))\n" }.joined() + "\(Self.end)\n"
    }

    package init(description: ModuleDescription = ModuleDescription(), fault: String? = nil) {
        self.description = description
        self.fault = fault
    }

    /// Nil: the text is not whole, since the child did not come to its end.
    package init?(text: String) {
        var lines = text.split(separator: "\n")
        guard lines.popLast().map(String.init) == Self.end else { return nil }
        for line in lines {
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { return nil }
            let value = String(parts[1])
            switch parts[0] {
            case "fault": self.fault = value
            case "abi":
                self.description.isGiven = true
                self.description.abi = UInt32(value) ?? .max
            case "draft": self.description.draft = UInt32(value) ?? .max
            case "flags": self.description.flags = UInt32(value) ?? .max
            case "name": self.description.name = value
            case "version": self.description.version = value
            case "settings": self.description.settings = value
            default: return nil
            }
        }
    }

    private static func oneLine(_ text: String) -> String {
        String(text.map { $0.isNewline ? " " : $0 })
    }
}
