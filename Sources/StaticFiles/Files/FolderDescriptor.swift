import CLinux
import Glibc

/// An open folder. Closed when the last user releases it. Thread-safe.
final class FolderDescriptor: Sendable {
    private let descriptor: CInt

    private init(_ descriptor: CInt) { self.descriptor = descriptor }

    deinit { close(self.descriptor) }

    /// Opens a folder; nil with `errno` if there is none, or if it cannot be opened.
    static func open(_ path: String) -> FolderDescriptor? {
        let descriptor = roost_open_folder(path)
        return descriptor < 0 ? nil : FolderDescriptor(descriptor)
    }

    /// The facts of a file; nil if there is none. Follows links, also to files outside: compare the result only with
    /// that of a file that `open` has opened.
    func facts(of path: UnsafePointer<CChar>) -> roost_file_facts? {
        var facts = roost_file_facts()
        return roost_facts_in(self.descriptor, path, &facts) == 0 ? facts : nil
    }

    /// Whether a known file is unchanged.
    func has(_ file: StaticFile) -> Bool {
        file.path.withUnsafeBufferPointer { self.facts(of: $0.baseAddress!) }.map(FileIdentity.init) == file.identity
    }

    /// Opens a file for reading. Neither `..` nor a link leads out of the folder. `cached`: gives up if the disk would
    /// have to be read. Returns nil with `errno`.
    func open(_ path: String, cached: Bool) -> OpenFile? {
        let descriptor = roost_open_in(self.descriptor, path, cached ? 1 : 0)
        return descriptor < 0 ? nil : OpenFile(descriptor)
    }

    /// Opens a known file again without reading the disk; nil if that is not possible, or if the file has changed.
    func reopen(_ file: StaticFile) -> OpenFile? {
        guard let open = self.open(file.name + (file.coding?.ending ?? ""), cached: true), let facts = open.facts,
            FileIdentity(facts) == file.identity
        else { return nil }
        return open
    }
}
