import Glibc

/// A hash of a file's contents (FNV-1a, 64 bits) that tells versions of the file apart. It is no protection against
/// forgery: users who can write the file are trusted (`FileTrust`).
package struct ContentHash: Sendable, Hashable, CustomStringConvertible {
    private let value: UInt64

    package init(_ bytes: UnsafeRawBufferPointer) {
        var value: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }
        self.value = value
    }

    /// The hash of a file's contents. Throws `HostError`.
    package init(file path: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        defer { if descriptor >= 0 { close(descriptor) } }
        var status = stat()
        guard descriptor >= 0, fstat(descriptor, &status) == 0 else { throw Self.error(path) }
        // mmap refuses a size of 0.
        guard status.st_size > 0 else { throw HostError(code: .module, message: "\(path): is empty") }
        guard
            let memory = mmap(nil, Int(status.st_size), PROT_READ, MAP_PRIVATE, descriptor, 0), memory != MAP_FAILED
        else { throw Self.error(path) }
        defer { munmap(memory, Int(status.st_size)) }
        self.init(UnsafeRawBufferPointer(start: memory, count: Int(status.st_size)))
    }

    private static func error(_ path: String) -> HostError {
        HostError(code: .module, message: "\(path): cannot be read: \(String(cString: strerror(errno)))")
    }

    package var description: String {
        let digits = String(self.value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
