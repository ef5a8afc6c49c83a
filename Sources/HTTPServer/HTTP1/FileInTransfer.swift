import Glibc
import NIOCore

/// A part of a file that was given to the channel and has not left yet. Loop-bound.
final class FileInTransfer {
    let region: FileRegion
    private let handle: NIOFileHandle

    init(_ file: ResponseFile) {
        self.handle = NIOFileHandle(_deprecatedTakingOwnershipOfDescriptor: file.detachDescriptor())
        self.region = FileRegion(
            fileHandle: self.handle, readerIndex: file.offset, endIndex: file.offset + file.count)
    }

    /// Whether the file became shorter than the part. The kernel then sends nothing, again and again.
    var isTruncated: Bool {
        var facts = stat()
        let result = (try? self.handle.withUnsafeFileDescriptor { fstat($0, &facts) }) ?? -1
        return result != 0 || Int(facts.st_size) < self.region.endIndex
    }

    func close() {
        // Closing a descriptor that was only read from loses nothing, whatever the result is.
        try? self.handle.close()
    }
}

@available(*, unavailable)
extension FileInTransfer: Sendable {}
