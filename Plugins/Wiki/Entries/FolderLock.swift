import Glibc

/// An exclusive lock for writing in a folder, held by one thread of one process at a time.
///
/// Every lock has a descriptor of its own: flock(2) excludes open file descriptions, not processes, so threads exclude
/// each other too. A holder must not lock again. The kernel releases the lock when the process ends.
struct FolderLock: Sendable {
    /// Maximum time to wait for the lock, in milliseconds, since another process may be stuck while holding it.
    static let patience = 5000

    private let descriptor: CInt

    /// Waits for the lock. Throws `EntryError.failed`, `.busy`.
    init(_ folder: String) throws(EntryError) {
        let path = "\(folder)/.lock"
        let descriptor = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .system("open", path) }
        var waited = 0
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let code = errno
            if code == EWOULDBLOCK, waited < Self.patience {
                usleep(2000)
                waited += 2
                continue
            }
            close(descriptor)
            if code == EWOULDBLOCK { throw .busy }
            throw .system("lock", path, code)
        }
        self.descriptor = descriptor
    }

    func release() { close(self.descriptor) }
}
