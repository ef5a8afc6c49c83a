import Glibc

/// Writes lines to a descriptor from its own thread, so that callers never wait for a slow reader. [any]
///
/// Pending lines are kept up to a limit. Above it lines are dropped, and their number is written when there is room
/// again.
public final class LineWriter: Sendable {
    private struct Waiting {
        var bytes: [UInt8] = []
        var dropped = 0
        var isWriting = false
        var isEmpty: Bool { self.bytes.isEmpty && self.dropped == 0 }
    }

    private let descriptor: CInt
    private let limit: Int
    /// Maximum size of a write, in bytes. Other processes may write to the same pipe, and a write up to PIPE_BUF is
    /// atomic (pipe(7)). A regular file has no such limit.
    private let longestWrite: Int
    private static let pipeBuffer = 4096
    /// Maximum size of a buffer that is kept, in bytes; a larger one is freed after a burst.
    private static let maxKept = 64 << 10
    /// The thread waits here for lines, and `flush` waits for the thread.
    private let waiting = Monitor(Waiting())

    /// `limit`: maximum size of the lines pending for a slow reader, in bytes.
    public init(descriptor: CInt, limit: Int = 4 << 20) {
        self.descriptor = descriptor
        self.limit = limit
        var status = stat()
        self.longestWrite =
            fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG ? .max : Self.pipeBuffer
        var thread = pthread_t()
        let this = Unmanaged.passRetained(self)
        let code = pthread_create(
            &thread, nil,
            { this in
                Unmanaged<LineWriter>.fromOpaque(this!).takeUnretainedValue().work()
            }, this.toOpaque())
        precondition(code == 0, "cannot start a thread: \(String(cString: strerror(code)))")
    }

    /// Queues whole lines, each with its newline.
    public func write(_ lines: some Collection<UInt8>) {
        guard !lines.isEmpty else { return }
        self.waiting.withLock { waiting in
            if waiting.bytes.count + lines.count <= self.limit {
                waiting.bytes.append(contentsOf: lines)
            } else {
                waiting.dropped += lines.reduce(0) { $0 + ($1 == UInt8(ascii: "\n") ? 1 : 0) }
            }
        }
        self.waiting.broadcast()
    }

    /// Waits until all lines so far are written, but at most two seconds: the reader may be blocked.
    public func flush() {
        _ = self.waiting.wait(milliseconds: 2000) { $0.isEmpty && !$0.isWriting ? true : nil }
    }

    private func work() -> UnsafeMutableRawPointer? {
        // Two buffers are swapped, so that no line needs an allocation.
        var taken = Waiting()
        while true {
            taken.bytes.removeAll(keepingCapacity: taken.bytes.capacity <= Self.maxKept)
            taken.dropped = 0
            self.waiting.wait { waiting -> Void? in
                guard !waiting.isEmpty else { return nil }
                swap(&taken, &waiting)
                waiting.isWriting = true
                return ()
            }
            if taken.dropped > 0 {
                taken.bytes += Array("(\(taken.dropped) lines dropped: the reader is too slow)\n".utf8)
            }
            self.writeAll(taken.bytes)
            self.waiting.withLock { $0.isWriting = false }
            self.waiting.broadcast()
        }
    }

    /// The lines that fit into one write; a line that is too long is returned whole.
    private func wholeLines(of bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard bytes.count > self.longestWrite else { return bytes }
        let newline = UInt8(ascii: "\n")
        let end = bytes.prefix(self.longestWrite).lastIndex(of: newline) ?? bytes.firstIndex(of: newline)
        return end.map { bytes[...$0] } ?? bytes
    }

    /// Writes all bytes, or stops at an error: if the reader is gone, nothing can be done here.
    private func writeAll(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = self.wholeLines(of: rest)
            let count = part.withUnsafeBytes { Glibc.write(self.descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EAGAIN {
                var wait = pollfd(fd: self.descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&wait, 1, -1)
                continue
            }
            guard count > 0 || errno == EINTR else { return }
            rest = rest.dropFirst(max(count, 0))
        }
    }
}
