import NIOCore

/// The output buffer that the connections of one loop use in turn. At any time it holds the output of a single
/// connection, its owner. Loop-bound.
final class SharedOutput {
    /// A connection that writes to the buffer.
    protocol Owner: AnyObject {
        /// Moves the output out of the buffer, since another owner needs the buffer.
        func spill()
    }

    private var buffer = SharedOutput.empty
    /// The second buffer, in use while the bytes of `buffer` are written.
    private var spare = SharedOutput.empty
    // SAFETY: an owner gives up the buffer before its connection ends (`drain`).
    private unowned(unsafe) var owner: (any Owner)?
    /// The identity of the owner, for a comparison without reference counting.
    private var ownerID: ObjectIdentifier?

    private static let capacity = 16 * 1024
    private static var empty: ByteBuffer { ByteBufferAllocator().buffer(capacity: Self.capacity) }
    /// The maximum capacity of a buffer that is kept, in bytes.
    private static let maxKept = 256 * 1024

    /// Calls `body` to append to the owner's output.
    @inline(__always)
    func append<Result>(for owner: some Owner, _ body: (inout ByteBuffer) -> Result) -> Result {
        if self.ownerID != ObjectIdentifier(owner) { self.change(to: owner) }
        return body(&self.buffer)
    }

    private func change(to owner: some Owner) {
        self.owner?.spill()
        self.owner = owner
        self.ownerID = ObjectIdentifier(owner)
    }

    private func giveUp() {
        self.owner = nil
        self.ownerID = nil
    }

    /// Whether the buffer belongs to this owner. It may be empty.
    @inline(__always)
    func belongs(to owner: some Owner) -> Bool { self.ownerID == ObjectIdentifier(owner) }

    /// The size of the owner's output, in bytes.
    @inline(__always)
    func size(for owner: some Owner) -> Int { self.belongs(to: owner) ? self.buffer.readableBytes : 0 }

    /// Passes the owner's output to `write`, and gives up the buffer.
    ///
    /// `write` may cause this or another connection to append at once, to the spare buffer. The memory of both buffers
    /// is kept if all bytes were written when `write` returns, which is the usual case.
    @inline(__always)
    func drain(for owner: some Owner, _ write: (ByteBuffer) -> Void) {
        guard self.belongs(to: owner) else { return }
        self.giveUp()
        guard self.buffer.readableBytes > 0 else { return }
        var taken = ByteBuffer()
        swap(&taken, &self.buffer)
        swap(&self.buffer, &self.spare)
        write(taken)
        if taken.capacity > Self.maxKept {
            taken = Self.empty
        } else {
            // After a partial write the channel keeps the memory. The next buffer then starts small.
            taken.clear(minimumCapacity: Self.capacity)
        }
        swap(&taken, &self.spare)
    }

    /// Returns a copy of the owner's output if it is small, and gives up the buffer. For output that is not flushed at
    /// once: with a slow client the channel would keep the whole buffer.
    func copy(for owner: some Owner, atMost most: Int) -> ByteBuffer? {
        guard (1...most).contains(self.size(for: owner)) else { return nil }
        let copy = self.buffer.withUnsafeReadableBytes { ByteBuffer(bytes: $0) }
        self.giveUp()
        self.buffer.clear()
        return copy
    }

    /// Frees the memory of buffers that have grown.
    func trim() {
        if self.ownerID == nil, self.buffer.capacity > Self.capacity { self.buffer = Self.empty }
        if self.spare.capacity > Self.capacity { self.spare = Self.empty }
    }
}

@available(*, unavailable)
extension SharedOutput: Sendable {}
