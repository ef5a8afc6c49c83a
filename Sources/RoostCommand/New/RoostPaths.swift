import Glibc
import RoostSystem

/// The paths of this executable and of the sources from which it was built.
enum RoostPaths {
    /// The path of this executable; nil if it is unknown.
    static var executable: String? { self.resolved(ChildProcess.ownCommand) }

    /// Returns the folder of Roost's sources: the given one, else the nearest one above this executable, since a build
    /// creates `.build/release/roost`. Throws `HostError`.
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
        if let folder = self.sourcesAbove() { return folder }
        throw HostError(
            code: .usage,
            message: "a Swift module needs Roost's sources, which were not found above"
                + " \(self.executable ?? "this roost"); name their folder with --sdk PATH"
        )
    }

    /// Returns the folder of the C headers: `include/roost` of the prefix that this executable is installed in, else that
    /// of the sources from which it was built. Throws `HostError`.
    static func includeFolder() throws -> String {
        let prefix = (self.executable ?? "").split(separator: "/", omittingEmptySubsequences: false).dropLast(2)
        let installed = "\(prefix.joined(separator: "/"))/include/roost"
        guard access("\(installed)/asgi.h", F_OK) != 0 else { return installed }
        guard let sources = self.sourcesAbove() else {
            throw HostError(
                code: .usage,
                message:
                    "no C headers: neither \(installed)/asgi.h nor Roost's sources above \(self.executable ?? "roost");"
                    + " install Debian's package roost-dev, if roost comes from one")
        }
        return "\(sources)/Sources/CASGI/include"
    }

    /// The folder of Roost's sources above this executable; nil if there is none.
    private static func sourcesAbove() -> String? {
        var folder = (self.executable ?? "")[...]
        while let slash = folder.lastIndex(of: "/") {
            folder = folder[..<slash]
            if self.isSources(String(folder)) { return String(folder) }
        }
        return nil
    }

    /// Whether a Swift module cannot have this name. Swift identifies packages by the names of their folders, ignoring
    /// case, and Roost or one of its dependencies already has the name.
    static func isTaken(_ name: String, sources: String) -> Bool {
        let name = name.lowercased()
        let folder = sources.split(separator: "/").last.map { $0.lowercased() }
        return name == "roost" || name == folder
            || self.file("\(sources)/Package.resolved", says: #""identity" : "\#(name)""#)
    }

    private static func isSources(_ folder: String) -> Bool {
        self.file("\(folder)/Package.swift", says: #"name: "roost""#) && access("\(folder)/Sources/ASGI", F_OK) == 0
    }

    /// Whether a line of the file contains the text; false if the file cannot be opened.
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
