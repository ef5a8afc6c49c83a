import Glibc
import HTTPServer
import RoostSystem

/// A folder with the operator's error pages: `404.html`, `5xx.html`, `4xx.json` and so on.
enum ErrorPageFolder {
    /// Maximum size of a page, in bytes.
    static let largest = 256 * 1024

    /// Reads the pages. Files whose names begin with a dot are ignored. Throws `HostError`.
    static func read(_ folder: String) throws -> ErrorPages {
        let path = WorkingFolder.absolute(folder)
        guard FileMark.isFolder(path) else {
            throw HostError(code: .usage, message: "error pages: \(path) is not a folder")
        }
        var pages: [String: [UInt8]] = [:]
        for name in FolderList.names(in: path).sorted() where !name.hasPrefix(".") {
            guard ErrorPages.isPage(name) else {
                throw HostError(
                    code: .usage,
                    message:
                        "error pages: \(path)/\(name): is not the name of a page; names are like 404.html, 5xx.html or 4xx.json"
                )
            }
            pages[name] = try self.contents("\(path)/\(name)")
        }
        guard !pages.isEmpty else {
            throw HostError(code: .usage, message: "error pages: \(path) has no pages; add one, like 404.html")
        }
        return ErrorPages(pages)
    }

    private static func contents(_ path: String) throws -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else {
            throw HostError(code: .usage, message: "error pages: \(path): \(String(cString: strerror(errno)))")
        }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw HostError(code: .usage, message: "error pages: \(path): is not a regular file")
        }
        guard status.st_size > 0, status.st_size <= Self.largest else {
            throw HostError(
                code: .usage,
                message: "error pages: \(path): has \(status.st_size) bytes; a page has 1 to \(Self.largest)")
        }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        let count = Glibc.read(file, &bytes, bytes.count)
        guard count == bytes.count else {
            throw HostError(code: .usage, message: "error pages: \(path): changed while it was read")
        }
        return bytes
    }
}
