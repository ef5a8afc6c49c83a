import Glibc

/// The file of an SQLite database. Examined without the library: an application creates a file that does not exist.
struct SQLiteFile {
    let path: String

    /// The first bytes of a database (https://www.sqlite.org/fileformat.html, §1.3).
    private static let magic = Array("SQLite format 3\0".utf8)

    func check() -> DatabaseCheck {
        let folder = String(self.path[..<(self.path.lastIndex(of: "/") ?? self.path.startIndex)])
        // The journal is beside the file.
        guard access(folder.isEmpty ? "/" : folder, W_OK | X_OK) == 0 else {
            return .fails(
                "the folder \(folder): \(String(cString: strerror(errno))); the journal needs a writable folder")
        }
        let file = open(self.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else {
            guard errno == ENOENT else { return .fails("\(self.path): \(String(cString: strerror(errno)))") }
            return .works("\(self.path) does not exist yet; the application creates it")
        }
        defer { close(file) }
        var start = [UInt8](repeating: 0, count: Self.magic.count)
        let count = read(file, &start, start.count)
        guard count == 0 || (count == start.count && start == Self.magic) else {
            return .fails("\(self.path): is not an SQLite database")
        }
        guard access(self.path, W_OK) == 0 else {
            return .fails("\(self.path): cannot be written: \(String(cString: strerror(errno)))")
        }
        return .works(self.path)
    }
}
