import CASGI
package import RoostSystem

/// The output of `roost check`: properties of the file, the module's description, its fault and its risks.
package struct ModuleReport: Sendable {
    package var rows: [(name: String, value: String)]
    /// Why this host cannot serve the module; nil if it can.
    package var fault: String?
    package var risks: [String]

    /// Checks the file and loads it in a child process. Throws `HostError` if a check before loading fails.
    package init(path: String, symbol: String, trust: FileTrust, probe: ModuleProbe) throws {
        let file = try ModuleFile(path: path, symbol: symbol, trust: trust)
        let report = probe.reports(of: [ModuleProbe.Module(path: file.resolved, symbol: symbol)])[0]
        let description = report.description
        self.fault = report.fault
        self.risks = Self.risks(file.elf)
        self.rows = [
            ("file", "\(file.resolved) (\(file.size) bytes, \(file.hash))"),
            (
                "name",
                description.name.isEmpty ? "\(Self.name(ofFile: file.name)) (from the file's name)" : description.name
            ),
            ("version", description.version.isEmpty ? "none" : description.version),
            (
                "abi",
                description.isGiven
                    ? "\(description.abi), draft \(description.draft)"
                    : "no description; assumed: \(ASGI_ABI), draft \(ASGI_DRAFT)"
            ),
            ("flags", description.flagNames.isEmpty ? "none" : description.flagNames.joined(separator: ", ")),
            ("settings", description.settings.isEmpty ? "none" : description.settings),
            ("symbols", Self.symbols(file.elf, symbol)),
            ("soname", file.elf.soname ?? "none"),
            ("needs", file.elf.needed.isEmpty ? "nothing" : file.elf.needed.joined(separator: ", ")),
            (
                "searched",
                file.elf.searchPath.isEmpty ? "the system folders" : file.elf.searchPath.joined(separator: ", ")
            ),
            ("static TLS", file.elf.hasStaticTLS ? "yes" : "no"),
        ]
    }

    /// Returns the name of a module without a description, from its file name: `hello` for `libhello.so`.
    package static func name(ofFile path: String) -> String {
        var name = path.split(separator: "/").last.map(String.init) ?? path
        if name.hasSuffix(".so") { name.removeLast(3) }
        if name.hasPrefix("lib") { name.removeFirst(3) }
        return name
    }

    private static func symbols(_ elf: ELFImage, _ symbol: String) -> String {
        let own = [symbol, "asgi_module_info"].filter(elf.exportsFunction)
        let others = elf.exports.count - own.count
        return own.joined(separator: ", ") + (others > 0 ? " and \(others) more" : "")
    }

    private static func risks(_ elf: ELFImage) -> [String] {
        var risks: [String] = []
        let unique = elf.uniqueSymbols
        if !unique.isEmpty {
            risks.append(
                "\(unique.count) unique symbols of g++ (\(unique[0])...): their data is shared with every other module that"
                    + " has them, and survives a reload; build the module with -fno-gnu-unique"
            )
        }
        if elf.hasStaticTLS {
            risks.append(
                "static TLS: a process can load only a few such libraries, and a reload needs a new process;"
                    + " build the module without -ftls-model=initial-exec"
            )
        }
        return risks
    }
}
