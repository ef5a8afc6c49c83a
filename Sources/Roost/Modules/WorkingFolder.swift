import Glibc

/// The folder that relative paths start from.
enum WorkingFolder {
    /// Absolute; "/" when it cannot be told.
    static var path: String {
        guard let path = getcwd(nil, 0) else { return "/" }
        defer { free(path) }
        return String(cString: path)
    }

    /// A path from the root, with its parts as they were given.
    static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/") else { return path }
        let parts = path.split(separator: "/").filter { $0 != "." }
        return parts.reduce(self.path == "/" ? "" : self.path) { "\($0)/\($1)" }
    }
}
