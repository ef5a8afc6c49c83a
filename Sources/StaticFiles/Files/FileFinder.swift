import CLinux
import Glibc
import HTTPServer

/// Finds and reads the file for a name. A value that any thread can use: a loop asks it for files in memory, and a
/// thread for the rest.
struct FileFinder: Sendable {
    let folder: StaticFolder
    let descriptor: FolderDescriptor
    /// The size up to which contents are kept in memory.
    let maxContents: Int

    enum Outcome {
        /// `open`: the file, if its contents are not kept. `isShared`: the file of this name itself, not a fallback.
        case found(StaticFile, open: OpenFile?, isShared: Bool)
        /// A folder with an index: its path ends with a slash.
        case redirect
        case missing
        /// The disk has to be read.
        case wouldBlock
        /// The system has refused to open the file, with this `errno`.
        case failed(CInt)
    }

    /// `coding`: the file with this ending. `wantsPage`: whether the client would show a fallback. `second`: the time.
    func find(_ name: FileName, _ coding: ContentCoding?, wantsPage: Bool, second: Int, cached: Bool) -> Outcome {
        let outcome = self.findItself(name, coding, second, cached: cached)
        guard case .missing = outcome, let fallback = self.folder.fallback, coding == nil,
            wantsPage || !name.last.contains(".")
        else { return outcome }
        let other = self.read(fallback, nil, second, cached: cached)
        switch other {
        case .found(let file, let open, _): return .found(file, open: open, isShared: false)
        case .redirect, .missing: return .missing
        case .wouldBlock, .failed: return other
        }
    }

    private func findItself(
        _ name: FileName, _ coding: ContentCoding?, _ second: Int, cached: Bool
    ) -> Outcome {
        guard name.isFolder else { return self.read(name.path, coding, second, cached: cached) }
        guard let index = self.folder.index else { return .missing }
        return self.read(name.path + index, coding, second, cached: cached)
    }

    private func read(_ path: String, _ coding: ContentCoding?, _ second: Int, cached: Bool) -> Outcome {
        guard let open = self.descriptor.open(path + (coding?.ending ?? ""), cached: cached) else {
            return Self.failure(errno, cached: cached)
        }
        guard let facts = open.facts else { return .failed(errno) }
        guard facts.is_folder == 0 else { return self.folder.index == nil ? .missing : .redirect }
        // A device or a FIFO is no file.
        guard facts.is_regular != 0 else { return .missing }
        let identity = FileIdentity(facts)
        var contents: UnsafeMutableRawBufferPointer?
        if identity.size <= self.maxContents {
            let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: identity.size, alignment: 1)
            guard open.read(memory, at: 0, cached: cached) else {
                memory.deallocate()
                return Self.failure(errno, cached: cached)
            }
            contents = memory
        }
        let file = StaticFile(
            name: path, identity: identity, coding: coding,
            codings: coding == nil ? self.codings(of: path, identity) : [], contents: contents, checked: second,
            self.folder)
        return .found(file, open: contents == nil ? open : nil, isShared: true)
    }

    private static func failure(_ number: CInt, cached: Bool) -> Outcome {
        switch number {
        case ENOENT, ENOTDIR, ELOOP, EXDEV, ENAMETOOLONG, ENXIO, EISDIR: .missing
        // EINVAL: the kernel does not know the flag. EOPNOTSUPP: the file system does not know what is in memory.
        case EAGAIN, EINVAL, EOPNOTSUPP, ENOSYS, EIO: cached ? .wouldBlock : .failed(number)
        default: .failed(number)
        }
    }

    /// The codings of a file that are not older than it.
    func codings(of path: String, _ identity: FileIdentity) -> [ContentCoding] {
        ContentCoding.allCases.filter { coding in
            guard let facts = self.descriptor.facts(of: path + coding.ending) else { return false }
            return facts.is_regular != 0 && facts.modified >= identity.modified
        }
    }
}
