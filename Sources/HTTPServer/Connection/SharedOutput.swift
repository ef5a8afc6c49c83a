import NIOCore

/// The buffer that the connections of one loop write into by turns. It holds the output of one connection, its owner, and nothing else.
/// Loop-bound.
final class SharedOutput {
    /// A connection's side of the buffer.
    protocol Owner: AnyObject {
        /// Takes the output out of the buffer, for another owner.
        func spill()
    }

    private var buffer = SharedOutput.empty
    /// Replaces `buffer` while its bytes are written.
    private var spare = SharedOutput.empty
    // SAFETY: an owner gives the buffer up before its connection ends (`drain`).
    private unowned(unsafe) var owner: (any Owner)?
    /// The identity of the owner, which is compared without a reference to it.
    private var ownerID: ObjectIdentifier?

    private static let capacity = 16 * 1024
    private static var empty: ByteBuffer { ByteBufferAllocator().buffer(capacity: Self.capacity) }
    /// A buffer that has grown beyond this size is not kept, in bytes.
    private static let mostKept = 256 * 1024

    /// Has `body` append to the owner's output.
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

    /// Hands the owner's output to `write`, and gives the buffer up.
    ///
    /// `write` may cause this or another connection to append at once: to the spare buffer. The memory of both is kept if the bytes
    /// have left when `write` returns, which is the rule.
    @inline(__always)
    func drain(for owner: some Owner, _ write: (ByteBuffer) -> Void) {
        guard self.belongs(to: owner) else { return }
        self.giveUp()
        guard self.buffer.readableBytes > 0 else { return }
        var taken = ByteBuffer()
        swap(&taken, &self.buffer)
        swap(&self.buffer, &self.spare)
        write(taken)
        if taken.capacity > Self.mostKept {
            taken = Self.empty
        } else {
            // If the socket has not taken all of it, the channel keeps the memory: the next buffer begins small.
            taken.clear(minimumCapacity: Self.capacity)
        }
        swap(&taken, &self.spare)
    }

    /// Returns a copy of the owner's output, if it is small, and gives the buffer up. For output that is not flushed at once: while the
    /// client is slow, the channel would keep the whole buffer for it.
    func copy(for owner: some Owner, atMost most: Int) -> ByteBuffer? {
        guard (1...most).contains(self.size(for: owner)) else { return nil }
        let copy = self.buffer.withUnsafeReadableBytes { ByteBuffer(bytes: $0) }
        self.giveUp()
        self.buffer.clear()
        return copy
    }

    /// Frees what the buffers have grown by.
    func trim() {
        if self.ownerID == nil, self.buffer.capacity > Self.capacity { self.buffer = Self.empty }
        if self.spare.capacity > Self.capacity { self.spare = Self.empty }
    }
}

@available(*, unavailable)
extension SharedOutput: Sendable {}
