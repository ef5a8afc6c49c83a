import Glibc

/// The identity, type, size and modification time of a file.
struct FileStatus: Sendable {
    private let device: UInt
    private let inode: UInt
    let isRegular: Bool
    let isLink: Bool
    let isFolder: Bool
    let size: Int
    /// The time of the last modification, in nanoseconds since 1970.
    let nanoseconds: Int

    var seconds: Int { self.nanoseconds / 1_000_000_000 }

    /// Nil if the file does not exist or cannot be accessed.
    init?(_ path: String, followingLinks: Bool = true) {
        var status = stat()
        guard fstatat(AT_FDCWD, path, &status, followingLinks ? 0 : AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
        self.init(status)
    }

    init?(descriptor: CInt) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        self.init(status)
    }

    private init(_ status: stat) {
        self.device = UInt(status.st_dev)
        self.inode = UInt(status.st_ino)
        let kind = status.st_mode & S_IFMT
        self.isRegular = kind == S_IFREG
        self.isLink = kind == S_IFLNK
        self.isFolder = kind == S_IFDIR
        self.size = Int(status.st_size)
        // A time far out of range must not trap.
        let seconds = min(max(Int(status.st_mtim.tv_sec), 0), Int.max / 2_000_000_000)
        self.nanoseconds = seconds * 1_000_000_000 + Int(status.st_mtim.tv_nsec)
    }

    /// Whether both are the same file under two names.
    func isSameFile(as other: FileStatus?) -> Bool { self.device == other?.device && self.inode == other?.inode }
}
