import Glibc
import NIOCore

/// A part of a file that was given to the channel and is not completely sent. Loop-bound.
final class FileInTransfer {
    let region: FileRegion
    private let handle: NIOFileHandle

    init(_ file: ResponseFile) {
        self.handle = NIOFileHandle(_deprecatedTakingOwnershipOfDescriptor: file.detachDescriptor())
        self.region = FileRegion(
            fileHandle: self.handle, readerIndex: file.offset, endIndex: file.offset + file.count)
    }

    /// Whether the file has become shorter than the part. The kernel would then send nothing, without an error.
    var isTruncated: Bool {
        var facts = stat()
        let result = (try? self.handle.withUnsafeFileDescriptor { fstat($0, &facts) }) ?? -1
        return result != 0 || Int(facts.st_size) < self.region.endIndex
    }

    func close() {
        // Closing a descriptor that was only read from cannot lose data, whatever the result.
        try? self.handle.close()
    }
}

@available(*, unavailable)
extension FileInTransfer: Sendable {}
