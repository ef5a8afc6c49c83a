import Glibc
import RoostSystem

/// A folder that is created with all its files or not at all: it is written under a temporary name and then renamed.
struct NewFolder {
    private let name: String
    /// The temporary folder, private to this process, that contains the new folder until it is complete.
    private let shelter: String
    /// The created files and folders in order, to be removed again.
    private var made: [String] = []

    /// Writes the files into the folder `name` of the working directory, which must be empty or must not exist. Throws
    /// `HostError`.
    static func write(_ files: [NewModule.File], to name: String) throws {
        var template = Array(".\(name).XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Self.error(name, "cannot be created here") }
        let shelter = String(decoding: template.dropLast().map(UInt8.init), as: UTF8.self)
        var folder = NewFolder(name: name, shelter: shelter)
        defer { folder.removeRest() }
        try folder.make("")
        for file in files {
            try folder.makeParents(of: file.path)
            try folder.write(file)
        }
        try folder.publish()
    }

    private init(name: String, shelter: String) {
        self.name = name
        self.shelter = shelter
        self.made = [shelter]
    }

    private var folder: String { "\(self.shelter)/\(self.name)" }

    // Not writable by others, whatever the umask: a host does not load a module that other users could change.
    private mutating func make(_ path: String) throws {
        let path = self.folder + path
        guard !self.made.contains(path) else { return }
        guard mkdir(path, 0o755) == 0 else { throw Self.error(self.name, "cannot be created") }
        self.made.append(path)
    }

    private mutating func makeParents(of path: String) throws {
        var parent = ""
        for part in path.split(separator: "/").dropLast() {
            parent += "/\(part)"
            try self.make(parent)
        }
    }

    private mutating func write(_ file: NewModule.File) throws {
        let path = "\(self.folder)/\(file.path)"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Self.error("\(self.name)/\(file.path)", "cannot be created") }
        self.made.append(path)
        var rest = Array(file.text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count >= 0 || errno == EINTR else {
                let error = Self.error("\(self.name)/\(file.path)", "cannot be written")
                close(descriptor)
                throw error
            }
            rest = rest.dropFirst(max(count, 0))
        }
        guard close(descriptor) == 0 else { throw Self.error("\(self.name)/\(file.path)", "cannot be written") }
    }

    /// Renames the folder to its final name. `rename` replaces an empty folder and nothing else.
    private mutating func publish() throws {
        guard rename(self.folder, self.name) != 0 else {
            self.made = [self.shelter]
            return
        }
        let code = errno
        guard [ENOTEMPTY, EEXIST, ENOTDIR].contains(code) else {
            throw Self.error(self.name, "cannot be created", code)
        }
        throw HostError(
            code: .usage,
            message: "\(self.name) exists already and is \(code == ENOTDIR ? "not a folder" : "not empty");"
                + " choose another name, or move it"
        )
    }

    private func removeRest() { for path in self.made.reversed() { remove(path) } }

    private static func error(_ path: String, _ message: String, _ code: CInt = errno) -> HostError {
        HostError(code: .startup, message: "\(path) \(message): \(String(cString: strerror(code)))")
    }
}
