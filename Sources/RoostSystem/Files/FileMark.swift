package import Glibc

/// Identifies a state of a file by its metadata, without reading its contents.
package struct FileMark: Hashable, Sendable {
    package let device: UInt64
    package let inode: UInt64
    package let size: Int
    /// Time of the last change of the contents (mtime), in nanoseconds since the epoch.
    package let changed: Int
    /// Time of the last change of the file or its metadata (ctime), in nanoseconds since the epoch.
    package let touched: Int

    package init(device: UInt64 = 0, inode: UInt64 = 0, size: Int = 0, changed: Int = 0, touched: Int = 0) {
        self.device = device
        self.inode = inode
        self.size = size
        self.changed = changed
        self.touched = touched
    }

    /// The state of the file at a path, with links followed; nil if there is no file.
    package init?(of path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.init(status)
    }

    /// Whether there is a folder at a path, with links followed.
    package static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    package init(_ status: stat) {
        func nanoseconds(_ time: timespec) -> Int { time.tv_sec * 1_000_000_000 + time.tv_nsec }
        self.init(
            device: UInt64(status.st_dev), inode: UInt64(status.st_ino), size: Int(status.st_size),
            changed: nanoseconds(status.st_mtim), touched: nanoseconds(status.st_ctim))
    }
}
