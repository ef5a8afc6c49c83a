import CLinux
import Glibc
package import NIOCore
import NIOPosix

/// Reads a part of a file in pieces, where the kernel cannot send it: from memory at once, from the disk on a thread.
/// Loop-bound.
package final class FilePieces {
    /// The result of `next`.
    package enum Piece {
        case bytes(ByteBuffer)
        /// The disk has to be read. `ready` is called on the loop when the next piece can be returned.
        case loading
        /// The file has become too short, or cannot be read.
        case failed
        /// Everything was returned.
        case end
    }

    private let file: CInt
    private var offset: Int
    private let end: Int
    private let eventLoop: any EventLoop
    private let ready: () -> Void
    private var loaded: Piece?
    private var isLoading = false
    /// Shared with the threads that read: the owner closes the descriptor only after `cancel`.
    private var isCancelled = false
    private let whenClosed: () -> Void

    /// `file`: stays open until `closed` is called, which is after everything was read or `cancel` was called.
    package init(
        _ file: CInt, _ part: Range<Int>, on eventLoop: any EventLoop, ready: @escaping () -> Void,
        closed: @escaping () -> Void
    ) {
        self.file = file
        self.offset = part.lowerBound
        self.end = part.upperBound
        self.eventLoop = eventLoop
        self.ready = ready
        self.whenClosed = closed
    }

    /// The bytes that were not returned yet.
    package var left: Int { self.end - self.offset }

    /// Returns the next piece, of at most `most` bytes.
    package func next(most: Int) -> Piece {
        guard !self.isLoading else { return .loading }
        if let loaded {
            self.loaded = nil
            return self.took(loaded)
        }
        guard self.left > 0 else { return .end }
        let size = min(most, self.left)
        var buffer = ByteBufferAllocator().buffer(capacity: size)
        let count = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: size) {
            max(Int(roost_read_cached(self.file, $0.baseAddress, size, Int64(self.offset))), 0)
        }
        // A part of it is enough: the rest is read with the next piece.
        guard count > 0 else {
            self.load(size)
            return .loading
        }
        return self.took(.bytes(buffer))
    }

    private func took(_ piece: Piece) -> Piece {
        guard case .bytes(let bytes) = piece else { return piece }
        self.offset += bytes.readableBytes
        return piece
    }

    /// Reads on a thread.
    private func load(_ size: Int) {
        self.isLoading = true
        let (file, offset, loop) = (self.file, self.offset, self.eventLoop)
        let this = NIOLoopBound(self, eventLoop: loop)
        NIOThreadPool.singleton.submit { _ in
            var buffer = ByteBufferAllocator().buffer(capacity: size)
            var count = 0
            buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: size) { room in
                repeat { count = pread(file, room.baseAddress, size, off_t(offset)) } while count < 0 && errno == EINTR
                return max(count, 0)
            }
            let bytes = count > 0 ? buffer : nil
            loop.execute { this.value.didLoad(bytes) }
        }
    }

    private func didLoad(_ bytes: ByteBuffer?) {
        self.isLoading = false
        guard !self.isCancelled else { return self.whenClosed() }
        self.loaded = bytes.map { .bytes($0) } ?? .failed
        self.ready()
    }

    /// Ends the reading. `closed` is called once no thread uses the file.
    package func cancel() {
        guard !self.isCancelled else { return }
        self.isCancelled = true
        if !self.isLoading { self.whenClosed() }
    }
}

@available(*, unavailable)
extension FilePieces: Sendable {}
