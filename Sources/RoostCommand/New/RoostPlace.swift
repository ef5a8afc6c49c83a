import Glibc
import RoostSystem

/// Where this roost is, and the sources that it was built of.
enum RoostPlace {
    /// The path of this executable; nil: the system does not say.
    static var executable: String? { self.resolved(ChildProcess.ownCommand) }

    /// The folder of Roost's sources: the given one, else the nearest above this executable, for `.build/release/roost` is
    /// where a build leaves it. Throws `HostError`.
    static func sources(given: String?) throws -> String {
        if let given {
            guard let folder = self.resolved(given), self.isSources(folder) else {
                throw HostError(
                    code: .usage,
                    message: "--sdk \(given) is not the folder of Roost's sources: it has no Package.swift of roost"
                )
            }
            return folder
        }
        var folder = (self.executable ?? "")[...]
        while let slash = folder.lastIndex(of: "/") {
            folder = folder[..<slash]
            if self.isSources(String(folder)) { return String(folder) }
        }
        throw HostError(
            code: .usage,
            message: "a Swift module needs Roost's sources, which were not found above"
                + " \(self.executable ?? "this roost"); name their folder with --sdk PATH"
        )
    }

    /// Whether a module in Swift cannot have this name: Swift tells packages apart by the names of their folders, whatever the case,
    /// and Roost or one that it depends on has it.
    static func isTaken(_ name: String, sources: String) -> Bool {
        let name = name.lowercased()
        let folder = sources.split(separator: "/").last.map { $0.lowercased() }
        return name == "roost" || name == folder
            || self.file("\(sources)/Package.resolved", says: #""identity" : "\#(name)""#)
    }

    private static func isSources(_ folder: String) -> Bool {
        self.file("\(folder)/Package.swift", says: #"name: "roost""#) && access("\(folder)/Sources/ASGI", F_OK) == 0
    }

    /// Whether a line of a file has this; false also when there is no such file.
    private static func file(_ path: String, says text: String) -> Bool {
        guard let file = fopen(path, "re") else { return false }
        defer { fclose(file) }
        var line: UnsafeMutablePointer<CChar>?
        var room = 0
        defer { free(line) }
        while getline(&line, &room, file) >= 0 {
            if let line, String(cString: line).contains(text) { return true }
        }
        return false
    }

    private static func resolved(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
