import Glibc
import NIOCore

/// A part of a file that was given to the channel and has not left yet. Bound to its connection's loop.
final class FileUnderWay {
    let region: FileRegion
    private let handle: NIOFileHandle

    init(_ file: ResponseFile) {
        self.handle = NIOFileHandle(_deprecatedTakingOwnershipOfDescriptor: file.takeDescriptor())
        self.region = FileRegion(
            fileHandle: self.handle, readerIndex: file.offset, endIndex: file.offset + file.count)
    }

    /// Whether bytes that were promised are there no more. The kernel then sends nothing, again and again.
    var isCutShort: Bool {
        var facts = stat()
        let answer = (try? self.handle.withUnsafeFileDescriptor { fstat($0, &facts) }) ?? -1
        return answer != 0 || Int(facts.st_size) < self.region.endIndex
    }

    func close() {
        // Closing a descriptor that was only read from loses nothing, whatever it answers.
        try? self.handle.close()
    }
}
