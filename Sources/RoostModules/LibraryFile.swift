import Glibc
import RoostSystem

/// The file of a shared library that has passed all checks that need no loading.
///
/// Holds one open descriptor: the bytes that were checked are the bytes that are copied, even if the path is replaced
/// meanwhile.
final class LibraryFile: Sendable {
    /// The path as given.
    let path: String
    /// The path without symbolic links.
    let resolved: String
    let size: Int
    /// The state of the file before its bytes were read.
    let mark: FileMark
    let elf: ELFImage
    /// The hash of the contents.
    let hash: ContentHash
    private let descriptor: CInt

    /// Opens and checks the file. Throws `HostError` with one line: the file, what was found, and what to do.
    init(path: String, trust: FileTrust) throws {
        self.path = path
        // O_NONBLOCK: opening a FIFO would wait for a writer.
        self.descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard self.descriptor >= 0 else {
            throw Self.error(path, "cannot be opened: \(String(cString: strerror(errno)))")
        }
        do {
            var status = stat()
            guard fstat(self.descriptor, &status) == 0 else {
                throw Self.error(path, "cannot be examined: \(String(cString: strerror(errno)))")
            }
            guard status.st_mode & S_IFMT == S_IFREG else {
                throw Self.error(
                    path, status.st_mode & S_IFMT == S_IFDIR ? "is a folder, not a file" : "is not a regular file")
            }
            guard let resolved = realpath(path, nil) else {
                throw Self.error(path, "cannot be resolved: \(String(cString: strerror(errno)))")
            }
            defer { free(resolved) }
            self.resolved = String(cString: resolved)
            if let fault = trust.fault(of: status, path: path) {
                throw HostError(code: .module, message: fault)
            }
            self.size = Int(status.st_size)
            self.mark = FileMark(status)
            (self.elf, self.hash) = try Self.examine(self.descriptor, size: self.size, path: path)
        } catch {
            close(self.descriptor)
            throw error
        }
    }

    deinit { close(self.descriptor) }

    static func error(_ path: String, _ message: String) -> HostError {
        HostError(code: .module, message: "\(path): \(message)")
    }

    private static func examine(_ descriptor: CInt, size: Int, path: String) throws -> (ELFImage, ContentHash) {
        guard size > 0 else { throw Self.error(path, "is empty") }
        guard let memory = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), memory != MAP_FAILED else {
            throw Self.error(path, "cannot be read: \(String(cString: strerror(errno)))")
        }
        defer { munmap(memory, size) }
        let bytes = UnsafeRawBufferPointer(start: memory, count: size)
        do throws(ELFImage.Fault) {
            return (try ELFImage(bytes), ContentHash(bytes))
        } catch {
            switch error {
            case .notELF: throw Self.error(path, "is not an ELF file; a module is a shared library (cc -shared -fPIC)")
            case .otherMachine(let machine):
                throw Self.error(
                    path,
                    "is built for \(machine), but this machine is \(ELFImage.name(ofMachine: ELFImage.machine)); build it for this machine"
                )
            case .notSharedObject(let what):
                throw Self.error(path, "is not a shared library but \(what); build it with -shared -fPIC")
            case .truncated: throw Self.error(path, "is truncated; was it still being written? Copy it again")
            case .malformed(let what): throw Self.error(path, "is malformed: \(what)")
            }
        }
    }

    /// Copies the contents to a new file. Throws `HostError`.
    func copy(to destination: String) throws {
        let target = open(destination, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o500)
        guard target >= 0 else {
            throw Self.error(destination, "cannot be created: \(String(cString: strerror(errno)))")
        }
        defer { close(target) }
        var offset: off_t = 0
        while offset < self.size {
            let sent = sendfile(target, self.descriptor, &offset, self.size - Int(offset))
            guard sent > 0 else {
                let why = sent == 0 ? "it became shorter during the copy" : String(cString: strerror(errno))
                throw Self.error(self.path, "cannot be copied to \(destination): \(why)")
            }
        }
        guard fchmod(target, 0o555) == 0 else {
            throw Self.error(destination, "cannot be made readable: \(String(cString: strerror(errno)))")
        }
        // The file may have been written to between the check and the copy.
        guard try ContentHash(file: destination) == self.hash else {
            throw Self.error(self.path, "was changed while it was copied; try again")
        }
    }
}
