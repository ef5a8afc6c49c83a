import Glibc

/// The working directory of the process. A module may change it at any time, so relative paths are resolved before the
/// first module is loaded.
package enum WorkingFolder {
    /// The working directory at the first access: a command reads it before it loads a module.
    package static let atStart = Self.current

    /// The current working directory; "/" if it was removed.
    package static var current: String {
        guard let path = getcwd(nil, 0) else { return "/" }
        defer { free(path) }
        return String(cString: path)
    }

    /// Makes a path absolute; a relative path is relative to `folder`. `..` is not resolved.
    package static func absolute(_ path: String, below folder: String = Self.atStart) -> String {
        guard !path.hasPrefix("/") else { return path }
        let parts = path.split(separator: "/").filter { $0 != "." }
        return parts.isEmpty ? folder : parts.reduce(folder == "/" ? "" : folder) { "\($0)/\($1)" }
    }
}
