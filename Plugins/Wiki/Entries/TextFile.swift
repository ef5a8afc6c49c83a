import Glibc

/// The contents of a text file, and its status when it was read.
struct TextFile: Sendable {
    let text: String
    let status: FileStatus

    /// Reads a file; nil if there is no regular file of this name. Never blocks on a FIFO, and never reads more than
    /// `most` bytes. Throws `EntryError.notText` and `.failed`.
    static func read(_ path: String, most: Int) throws(EntryError) -> TextFile? {
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
        guard descriptor >= 0 else {
            // ENXIO: a socket. ELOOP: a cycle of symbolic links.
            if [ENOENT, ENOTDIR, ENXIO, ELOOP].contains(errno) { return nil }
            throw .system("open", path)
        }
        defer { close(descriptor) }
        guard let status = FileStatus(descriptor: descriptor) else { throw .system("fstat", path) }
        guard status.isRegular else { return nil }
        guard status.size <= most else {
            throw .failed("read \(path): it has \(status.size) bytes, and at most \(most) are read")
        }
        // One more byte, to detect that the file grows while it is read.
        let room = status.size + 1
        var failure: CInt = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
            while count < room {
                let more = Glibc.read(descriptor, buffer.baseAddress! + count, room - count)
                if more > 0 { count += more } else if more == 0 { return } else if errno != EINTR { break }
            }
            if count < room { failure = errno }
        }
        guard failure == 0 else { throw .system("read", path, failure) }
        guard bytes.count < room else { throw .failed("read \(path): it was being written") }
        guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else { throw .notText }
        return TextFile(text: text, status: status)
    }
}
