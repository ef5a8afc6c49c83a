import Glibc

/// Reports that something may have changed in some folders: by inotify if available, and by polling. Must be used from
/// one thread.
final class FoldersEvents {
    /// Readable when something has happened; -1 if there is only polling.
    let descriptor: CInt
    private var watches: [String: CInt] = [:]

    init() { self.descriptor = inotify_init1(CInt(IN_CLOEXEC) | CInt(IN_NONBLOCK)) }

    deinit { if self.descriptor >= 0 { close(self.descriptor) } }

    /// Watches exactly these folders, as their paths resolve now.
    func arm(_ folders: Set<String>) {
        guard self.descriptor >= 0 else { return }
        let mask =
            IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_ATTRIB | IN_MODIFY
            | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR
        var watches: [String: CInt] = [:]
        for folder in folders {
            // inotify returns the same number for a watched folder. Folders above the system's limit are only polled.
            let watch = inotify_add_watch(
                self.descriptor, folder, UInt32(bitPattern: Int32(truncatingIfNeeded: mask)))
            if watch >= 0 { watches[folder] = watch }
        }
        for old in Set(self.watches.values).subtracting(watches.values) { inotify_rm_watch(self.descriptor, old) }
        self.watches = watches
    }

    /// Reads and discards the notifications. Returns whether there were any: the folders must be listed again then.
    func drain() -> Bool {
        guard self.descriptor >= 0 else { return false }
        var part = [UInt8](repeating: 0, count: 4096)
        var hasHeard = false
        while read(self.descriptor, &part, part.count) > 0 { hasHeard = true }
        return hasHeard
    }
}
