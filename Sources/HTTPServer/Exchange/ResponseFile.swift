import Glibc
package import NIOCore

/// A part of a regular file, as a part of a response body. The kernel sends it (sendfile).
///
/// Owns a descriptor. Created on any thread, then passed to an exchange on its loop.
// SAFETY: one thread at a time uses it: first the thread that creates it, then the loop of its exchange.
public final class ResponseFile: @unchecked Sendable {
    public let offset: Int
    public let count: Int
    /// Whether the file has to be the whole body.
    public let isWhole: Bool
    package private(set) var descriptor: CInt
    /// Whether the position of the descriptor is advanced past the part when the part is accepted.
    private var movesPosition: Bool

    private init(
        descriptor: CInt, offset: Int, count: Int, isWhole: Bool = false, movesPosition: Bool = false
    ) {
        self.isWhole = isWhole
        self.descriptor = descriptor
        self.offset = offset
        self.count = count
        self.movesPosition = movesPosition
    }

    deinit { if self.descriptor >= 0 { close(self.descriptor) } }

    /// Opens a whole file by its absolute path. Throws `FileFault`.
    public static func open(_ path: Octets) throws(FileFault) -> ResponseFile {
        guard path.size > 0, path.bytes.first == UInt8(ascii: "/"), !path.bytes.contains(0) else {
            throw FileFault("the path '\(path.text)' is not absolute, or contains NUL")
        }
        var name = Array(path.bytes.map(CChar.init(bitPattern:)))
        name.append(0)
        // Opening a FIFO or a device could block the loop. Only regular files pass the check below.
        let descriptor = Glibc.open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw FileFault("\(path.text): \(String(cString: strerror(errno)))") }
        let file = ResponseFile(descriptor: descriptor, offset: 0, count: 0)
        let size = try Self.size(of: descriptor, named: path.text)
        return ResponseFile(descriptor: file.detachDescriptor(), offset: 0, count: size, isWhole: true)
    }

    /// Creates a part of a file that the caller has open. The caller keeps its descriptor. Throws `FileFault`.
    ///
    /// `offset` -1: the part starts at the file's current position, which moves past the part when it is accepted.
    /// `count` -1: the part ends at the end of the file.
    public static func duplicate(
        _ given: CInt, offset: Int, count: Int
    ) throws(FileFault) -> ResponseFile {
        let name = "descriptor \(given)"
        let size = try Self.size(of: given, named: name)
        let start = offset == -1 ? Int(lseek(given, 0, SEEK_CUR)) : offset
        guard start >= 0, start <= size, count >= -1 else {
            throw FileFault("\(name): offset \(offset) and count \(count) are outside its \(size) bytes")
        }
        let length = count == -1 ? size - start : count
        guard length <= size - start else {
            throw FileFault("\(name): \(length) bytes from \(start) are more than its \(size) bytes")
        }
        let descriptor = fcntl(given, F_DUPFD_CLOEXEC, 3)
        guard descriptor >= 0 else { throw FileFault("\(name): \(String(cString: strerror(errno)))") }
        return ResponseFile(descriptor: descriptor, offset: start, count: length, movesPosition: offset == -1)
    }

    /// Creates a part of a regular file that is open for reading, and takes the descriptor over. The part must exist.
    package convenience init(owning descriptor: CInt, _ part: Range<Int>) {
        self.init(descriptor: descriptor, offset: part.lowerBound, count: part.count)
    }

    /// Creates a part of a regular file that the caller has open for reading, and keeps open. The part must exist. Nil
    /// if no descriptor is left.
    package convenience init?(duplicating descriptor: CInt, _ part: Range<Int>) {
        let duplicate = fcntl(descriptor, F_DUPFD_CLOEXEC, 3)
        guard duplicate >= 0 else { return nil }
        self.init(descriptor: duplicate, offset: part.lowerBound, count: part.count)
    }

    /// A part of the same file; nil if no descriptor is left. `range`: within this part.
    package func part(_ range: Range<Int>) -> ResponseFile? {
        ResponseFile(
            duplicating: self.descriptor, self.offset + range.lowerBound..<self.offset + range.upperBound)
    }

    /// Advances the descriptor's position past the part, if the part started there. Called when the part is accepted.
    /// The duplicate shares its position with the caller's descriptor.
    public func markSent() {
        guard self.movesPosition else { return }
        self.movesPosition = false
        lseek(self.descriptor, off_t(self.offset + self.count), SEEK_SET)
    }

    /// Linux's `O_PATH`, which Swift's Glibc lacks.
    private static let pathOnly: CInt = 0o10000000

    /// Returns the size of a regular file that is open for reading. Throws `FileFault` for anything else.
    public static func size(of descriptor: CInt, named name: String) throws(FileFault) -> Int {
        var facts = stat()
        guard fstat(descriptor, &facts) == 0 else {
            throw FileFault("\(name): \(String(cString: strerror(errno)))")
        }
        guard facts.st_mode & S_IFMT == S_IFREG else { throw FileFault("\(name): not a regular file") }
        let flags = fcntl(descriptor, F_GETFL)
        guard flags & O_ACCMODE != O_WRONLY, flags & Self.pathOnly == 0 else {
            throw FileFault("\(name): not open for reading")
        }
        // A file of a pseudo file system can report more bytes than it has. sendfile would then never make progress.
        var last: UInt8 = 0
        guard facts.st_blocks > 0 || facts.st_size == 0 || pread(descriptor, &last, 1, facts.st_size - 1) == 1 else {
            throw FileFault("\(name): its size of \(facts.st_size) bytes exceeds the file system's maximum")
        }
        return Int(facts.st_size)
    }

    /// Reads exactly `size` bytes of the part; nil if the file has become too short.
    package func read(at position: Int, _ size: Int) -> ByteBuffer? {
        var buffer = ByteBufferAllocator().buffer(capacity: size)
        var missing = size
        while missing > 0 {
            let count = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: missing) { room in
                max(
                    pread(self.descriptor, room.baseAddress, missing, off_t(self.offset + position + size - missing)), 0
                )
            }
            guard count > 0 else { return nil }
            missing -= count
        }
        return buffer
    }

    /// Returns the descriptor, which then belongs to the caller.
    func detachDescriptor() -> CInt {
        defer { self.descriptor = -1 }
        return self.descriptor
    }
}

/// The reason why a file cannot be sent.
public struct FileFault: Error, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}
