import Glibc

/// The working folder of the process. A module may change it at any time, so relative paths are resolved before the first module is loaded.
package enum WorkingFolder {
    /// The folder when the process asked first: a command does so before it loads a module.
    package static let atStart = Self.current

    /// The folder at this moment; "/" where it was removed.
    package static var current: String {
        guard let path = getcwd(nil, 0) else { return "/" }
        defer { free(path) }
        return String(cString: path)
    }

    /// The absolute form of a path that is relative to `folder`, with its parts as they were given.
    package static func absolute(_ path: String, below folder: String = Self.atStart) -> String {
        guard !path.hasPrefix("/") else { return path }
        let parts = path.split(separator: "/").filter { $0 != "." }
        return parts.isEmpty ? folder : parts.reduce(folder == "/" ? "" : folder) { "\($0)/\($1)" }
    }
}
