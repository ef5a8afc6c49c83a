import Glibc
import Synchronization

/// A text file under a temporary name that no list shows; written completely and synced.
///
/// Must be created while holding the folder's lock.
struct NewFile: Sendable {
    /// The prefix of temporary names.
    static let prefix = ".new-"
    private static let numbers = Atomic<Int>(0)

    let path: String
    let status: FileStatus

    /// Throws `EntryError.failed`, and then leaves no file. `nanoseconds`: the modification time; nil for the current
    /// time.
    init(_ text: String, in folder: String, nanoseconds: Int? = nil) throws(EntryError) {
        let number = Self.numbers.add(1, ordering: .relaxed).newValue
        let path = "\(folder)/\(Self.prefix)\(getpid())-\(number)"
        // An ended process, or one of another container, may have used this pid: since we hold the lock, its file is
        // stale.
        unlink(path)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .system("create", path) }
        var code = Self.write(text, to: descriptor)
        if code == 0, let nanoseconds { code = Self.setTime(nanoseconds, of: descriptor) }
        if code == 0, fsync(descriptor) != 0 { code = errno }
        let status = FileStatus(descriptor: descriptor)
        if close(descriptor) != 0, code == 0, errno != EINTR { code = errno }
        guard code == 0, let status else {
            unlink(path)
            throw .system("write", path, code)
        }
        self.path = path
        self.status = status
    }

    /// Removes the temporary name if it still exists.
    func discard() { unlink(self.path) }

    /// Returns 0 or an error number.
    private static func write(_ text: String, to descriptor: CInt) -> CInt {
        var text = text
        return text.withUTF8 { bytes in
            var done = 0
            while done < bytes.count {
                let count = Glibc.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
                if count == 0 { return EIO }
                if count > 0 { done += count } else if errno != EINTR { return errno }
            }
            return 0
        }
    }

    private static func setTime(_ nanoseconds: Int, of descriptor: CInt) -> CInt {
        let time = timespec(tv_sec: nanoseconds / 1_000_000_000, tv_nsec: nanoseconds % 1_000_000_000)
        return [timespec](repeating: time, count: 2).withUnsafeBufferPointer {
            futimens(descriptor, $0.baseAddress) == 0 ? 0 : errno
        }
    }
}
