import Glibc
package import RoostSystem

/// A settings file in YAML 1.2 or JSON (a subset of YAML): a tree of values with line numbers.
package struct SettingsFile: Sendable {
    package let path: String
    /// The absolute path without symbolic links; nil if unknown.
    package let resolved: String?
    package let text: String
    package let root: SettingsMap

    /// Reads and parses a file. It must be trusted as a library is: it can name libraries, users and commands. Throws
    /// `HostError` with the file, the line and what to do.
    package init(path: String, trust: FileTrust) throws {
        let file = try Self.open(path, trust)
        defer { close(file) }
        let resolved = realpath(path, nil).map { resolved in
            defer { free(resolved) }
            return String(cString: resolved)
        }
        try self.init(path: path, resolved: resolved, text: try Self.read(file, path))
    }

    /// Parses text that was read before. Throws `HostError` with the file, the line and what to do.
    package init(path: String, resolved: String?, text: String) throws {
        self.path = path
        self.resolved = resolved
        self.text = text
        let root: SettingsNode?
        do throws(YAMLFault) {
            root = try YAMLReader.read(text)
        } catch { throw Self.error(path, error.line, error.message) }
        guard let root, !root.isNull else {
            self.root = SettingsMap()
            return
        }
        guard let map = root.map else {
            throw Self.error(path, root.line, "found \(root.kindWords) instead of a map of keys and values")
        }
        self.root = map
    }

    /// An error with file and line. `message` may quote the file.
    package static func error(_ path: String, _ line: Int?, _ message: String) -> HostError {
        HostError(code: .settings, message: "\(self.place(path, line)): \(ShownText.of(message, most: 1000))")
    }

    package static func place(_ path: String, _ line: Int?) -> String { "\(path)\(line.map { ":\($0)" } ?? "")" }

    // MARK: Reading

    /// Maximum size of a settings file, in bytes.
    package static let largest = 4 << 20

    /// Opens the file without blocking, since it may be a FIFO.
    private static func open(_ path: String, _ trust: FileTrust) throws -> CInt {
        let file = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard file >= 0 else { throw Self.error(path, nil, "cannot be read: \(String(cString: strerror(errno)))") }
        var status = stat()
        let fault: String? =
            if fstat(file, &status) != 0 {
                "\(path): cannot be read: \(String(cString: strerror(errno)))"
            } else if status.st_mode & S_IFMT != S_IFREG {
                "\(path): is \(status.st_mode & S_IFMT == S_IFDIR ? "a folder" : "not a regular file"); name a settings file"
            } else {
                trust.fault(of: status, path: path)
            }
        guard let fault else { return file }
        close(file)
        throw HostError(code: .settings, message: fault)
    }

    private static func read(_ file: CInt, _ path: String) throws -> String {
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = Glibc.read(file, &part, part.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Self.error(path, nil, "cannot be read: \(String(cString: strerror(errno)))") }
            guard count > 0 else { break }
            bytes.append(contentsOf: part[..<count])
            guard bytes.count <= Self.largest else {
                throw Self.error(path, nil, "is larger than \(Self.largest >> 20) MiB; is it a settings file?")
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Self.error(path, nil, "is not UTF-8; save it as UTF-8")
        }
        return text
    }
}
