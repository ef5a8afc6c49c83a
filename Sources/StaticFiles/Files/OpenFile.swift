import CLinux
import Glibc
import HTTPServer
import Synchronization

/// An open file. Closed when the last user releases it. Thread-safe.
final class OpenFile: Sendable {
    private let descriptor: CInt
    /// Whether the descriptor is this object's.
    private let isOwner = Atomic(true)

    init(_ descriptor: CInt) { self.descriptor = descriptor }

    deinit { if self.isOwner.load(ordering: .relaxed) { close(self.descriptor) } }

    /// The part as a part of a response; nil if no descriptor is left. `isLast`: the file is used for nothing else after
    /// this, so that the response takes its descriptor over.
    func response(_ part: Range<Int>, isLast: Bool) -> ResponseFile? {
        guard isLast, self.isOwner.exchange(false, ordering: .relaxed) else {
            return ResponseFile(duplicating: self.descriptor, part)
        }
        return ResponseFile(owning: self.descriptor, part)
    }

    var facts: roost_file_facts? {
        var facts = roost_file_facts()
        return roost_facts_of(self.descriptor, &facts) == 0 ? facts : nil
    }

    /// Reads bytes completely. `cached`: gives up if the disk would have to be read. Returns false with `errno`, or if
    /// the file is too short.
    func read(_ bytes: UnsafeMutableRawBufferPointer, at offset: Int, cached: Bool) -> Bool {
        var count = 0
        while count < bytes.count {
            let (start, rest) = (bytes.baseAddress! + count, bytes.count - count)
            let read =
                cached
                ? Int(roost_read_cached(self.descriptor, start, rest, Int64(offset + count)))
                : pread(self.descriptor, start, rest, off_t(offset + count))
            if read == 0 { errno = EIO }
            guard read > 0 else { return false }
            count += read
        }
        return true
    }

    /// Whether a part is in memory, judged by some of its pages: the kernel reads ahead.
    func isCached(_ part: Range<Int>) -> Bool {
        var byte: UInt8 = 0
        return stride(from: part.lowerBound, to: part.upperBound, by: Self.sampleDistance).allSatisfy {
            roost_read_cached(self.descriptor, &byte, 1, Int64($0)) == 1
        } && (part.isEmpty || roost_read_cached(self.descriptor, &byte, 1, Int64(part.upperBound - 1)) == 1)
    }

    private static let sampleDistance = 256 * 1024

    /// Has the kernel read a part from the disk, and waits for it. Returns false if the file is too short, or cannot be
    /// read.
    func load(_ part: Range<Int>) -> Bool {
        posix_fadvise(self.descriptor, off_t(part.lowerBound), off_t(part.count), POSIX_FADV_WILLNEED)
        return withUnsafeTemporaryAllocation(byteCount: 64 * 1024, alignment: 16) { buffer in
            var at = part.lowerBound
            while at < part.upperBound {
                let read = pread(
                    self.descriptor, buffer.baseAddress, min(buffer.count, part.upperBound - at), off_t(at))
                guard read > 0 else { return false }
                at += read
            }
            return true
        }
    }
}
