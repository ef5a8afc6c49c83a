import Glibc

/// Reports that something may have changed in a folder: by inotify if available, and by polling. A file system may not
/// support inotify, its queue may overflow, and links on the path of the folder may be switched. Must be used from one
/// thread.
package final class FolderEvents {
    /// Readable when something has happened; -1 if there is only polling.
    package let descriptor: CInt
    /// Polling interval, in milliseconds, with and without notifications.
    package static let pace = 2000

    private let folder: String
    private var watch: CInt = -1
    private var parentWatch: CInt = -1
    private var watched: (device: dev_t, inode: ino_t)?

    /// `usesNotifications`: false to act as if the system had no inotify.
    package init(_ folder: String, usesNotifications: Bool = true) {
        self.folder = folder
        self.descriptor =
            usesNotifications ? inotify_init1(CInt(IN_CLOEXEC) | CInt(IN_NONBLOCK)) : -1
        self.arm()
    }

    deinit { if self.descriptor >= 0 { close(self.descriptor) } }

    /// Reads and discards the notifications. Returns whether there were any: the folder must be listed again then.
    package func drain() -> Bool {
        guard self.descriptor >= 0 else { return false }
        var part = [UInt8](repeating: 0, count: 4096)
        var hasHeard = false
        while read(self.descriptor, &part, part.count) > 0 { hasHeard = true }
        return hasHeard
    }

    /// Watches the folder that the path leads to now, and its parent, since another folder may be put in its place.
    func arm() {
        guard self.descriptor >= 0 else { return }
        var status = stat()
        guard stat(self.folder, &status) == 0 else {
            self.watched = nil
            self.watchParent()
            return
        }
        if let watched, watched == (status.st_dev, status.st_ino), self.watch >= 0 { return }
        if self.watch >= 0 { inotify_rm_watch(self.descriptor, self.watch) }
        let mask =
            IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_ATTRIB | IN_MODIFY
            | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR
        self.watch = inotify_add_watch(
            self.descriptor, self.folder, UInt32(bitPattern: Int32(truncatingIfNeeded: mask)))
        self.watched = self.watch >= 0 ? (status.st_dev, status.st_ino) : nil
        self.watchParent()
    }

    private func watchParent() {
        guard self.parentWatch < 0 else { return }
        var path = self.folder
        while path.hasSuffix("/"), path.count > 1 { path.removeLast() }
        let parent = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let mask = IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_ONLYDIR
        self.parentWatch = inotify_add_watch(self.descriptor, parent, UInt32(truncatingIfNeeded: mask))
    }
}
