import Glibc

/// What the system says about a file: which it is, what kind, and when it was written.
struct FileStatus: Sendable {
    private let device: UInt
    private let inode: UInt
    let isRegular: Bool
    let isLink: Bool
    let isFolder: Bool
    let size: Int
    /// The time of its last change, since 1970.
    let nanoseconds: Int

    var seconds: Int { self.nanoseconds / 1_000_000_000 }

    /// Nil when there is none, or when it cannot be looked at.
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
        // A clock that is far off is no reason to trap.
        let seconds = min(max(Int(status.st_mtim.tv_sec), 0), Int.max / 2_000_000_000)
        self.nanoseconds = seconds * 1_000_000_000 + Int(status.st_mtim.tv_nsec)
    }

    /// They are two names of one file.
    func isSameFile(as other: FileStatus?) -> Bool { self.device == other?.device && self.inode == other?.inode }
}
