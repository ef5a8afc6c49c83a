import Glibc

/// Says that something may have happened in some folders: by inotify where it can, and by the clock. For one thread.
final class FoldersEvents {
    /// Readable when something has happened; -1: only the clock tells.
    let descriptor: CInt
    private var watches: [String: CInt] = [:]

    init() { self.descriptor = inotify_init1(CInt(IN_CLOEXEC) | CInt(IN_NONBLOCK)) }

    deinit { if self.descriptor >= 0 { close(self.descriptor) } }

    /// Watches these, and no others: what their paths lead to now.
    func arm(_ folders: Set<String>) {
        guard self.descriptor >= 0 else { return }
        let mask =
            IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_ATTRIB | IN_MODIFY
            | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR
        var watches: [String: CInt] = [:]
        for folder in folders {
            // The same one again has the same number. Where there are too many the clock tells.
            let watch = inotify_add_watch(
                self.descriptor, folder, UInt32(bitPattern: Int32(truncatingIfNeeded: mask)))
            if watch >= 0 { watches[folder] = watch }
        }
        for old in Set(self.watches.values).subtracting(watches.values) { inotify_rm_watch(self.descriptor, old) }
        self.watches = watches
    }

    /// Takes what is to be read: whatever it is, the folders are to be looked at. False: nothing was.
    func drain() -> Bool {
        guard self.descriptor >= 0 else { return false }
        var part = [UInt8](repeating: 0, count: 4096)
        var hasHeard = false
        while read(self.descriptor, &part, part.count) > 0 { hasHeard = true }
        return hasHeard
    }
}
