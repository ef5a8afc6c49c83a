import Glibc

/// The right to write in a folder, which one thread of one process has at a time.
///
/// Every lock has a descriptor of its own: flock(2) excludes descriptors, not processes, so threads exclude each other
/// too. Whoever holds it must not ask for it again. The kernel gives it back for who dies.
struct FolderLock: Sendable {
    /// How long somebody waits for it, in milliseconds: another process may be stuck with it.
    static let patience = 5000

    private let descriptor: CInt

    /// Waits for it. Throws `EntryError.failed`, `.busy`.
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
