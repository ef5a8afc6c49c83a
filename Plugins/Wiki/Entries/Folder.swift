import Glibc

/// Operations on folders.
enum Folder {
    /// An entry of a directory.
    struct Member: Sendable {
        let name: String
        /// Nil if the file system does not give the type, or if the entry is a symbolic link.
        let isRegular: Bool?
    }

    /// Returns the members of a folder, unordered, without `.`, `..` and names that are not UTF-8; nil if the folder
    /// does not exist. Throws `EntryError.failed`.
    static func members(_ path: String) throws(EntryError) -> [Member]? {
        guard let stream = opendir(path) else {
            if errno == ENOENT { return nil }
            throw .system("open", path)
        }
        defer { closedir(stream) }
        let start = MemoryLayout<dirent>.offset(of: \.d_name)!
        var members: [Member] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else { break }
            let characters = (UnsafeRawPointer(entry) + start).assumingMemoryBound(to: CChar.self)
            guard let name = String(validatingCString: characters), name != ".", name != ".." else { continue }
            let isRegular: Bool? =
                switch Int(entry.pointee.d_type) {
                case Int(DT_REG): true
                case Int(DT_LNK), Int(DT_UNKNOWN): nil
                default: false
                }
            members.append(Member(name: name, isRegular: isRegular))
        }
        guard errno == 0 else { throw .system("read", path) }
        return members
    }

    /// Creates a folder and its missing parents. Returns whether it was missing. Throws `EntryError.failed`.
    @discardableResult
    static func make(_ path: String) throws(EntryError) -> Bool {
        let parent = Self.parent(of: path)
        var code = mkdir(path, 0o755) == 0 ? 0 : errno
        if code == ENOENT, parent != path {
            try Self.make(parent)
            code = mkdir(path, 0o755) == 0 ? 0 : errno
        }
        if code == EEXIST, FileStatus(path)?.isFolder == true { return false }
        guard code == 0 else { throw .system("make the folder", path, code) }
        try Self.sync(parent)
        return true
    }

    /// Syncs the names in a folder to the disk. Throws `EntryError.failed`.
    static func sync(_ path: String) throws(EntryError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("open", path) }
        defer { close(descriptor) }
        // EINVAL: the file system does not support fsync on folders.
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw .system("sync", path) }
    }

    private static func parent(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
