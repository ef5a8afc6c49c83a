import NIOCore

/// The output buffer that the connections of one loop share: the output of each is a segment of it. Loop-bound.
///
/// There are two buffers: while the segments of one batch are written from one, the connections append to the other.
/// The memory of a buffer is used again when all its segments were written, which is the usual case.
final class SharedOutput {
    /// A connection that writes to the buffer.
    protocol Owner: AnyObject {
        /// Used by the buffer only.
        var segment: Segment { get set }
        /// Moves the segment out of the buffer (`remove`), since a second one begins.
        func spill()
    }

    /// The place of a connection's output.
    struct Segment {
        /// The number of the batch; -1 without output.
        fileprivate var batch = -1
        fileprivate var start = 0
        /// Known once another connection has begun a segment.
        fileprivate var end = 0

        init() {}
    }

    /// The output of the current batch.
    private var buffer = SharedOutput.empty
    /// The output of the previous batch, which is being written.
    private var flushing = SharedOutput.empty
    /// The number of the current batch.
    private var batch = 0
    // SAFETY: an owner gives up its segment before its connection ends (`remove`).
    private unowned(unsafe) var owner: (any Owner)?
    /// The identity of the owner of the last segment, for a comparison without reference counting.
    private var ownerID: ObjectIdentifier?

    private static let capacity = 16 * 1024
    private static var empty: ByteBuffer { ByteBufferAllocator().buffer(capacity: Self.capacity) }
    /// The maximum capacity of a buffer that is kept, in bytes.
    private static let maxKept = 256 * 1024

    /// The bytes of the current batch.
    var size: Int { self.buffer.readableBytes }

    /// Calls `body` to append to the owner's output.
    @inline(__always)
    func append<Result>(for owner: some Owner, _ body: (inout ByteBuffer) -> Result) -> Result {
        if self.ownerID != ObjectIdentifier(owner) { self.change(to: owner) }
        return body(&self.buffer)
    }

    private func change(to owner: some Owner) {
        self.closeLast()
        if owner.segment.batch >= 0 { owner.spill() }
        owner.segment.batch = self.batch
        owner.segment.start = self.buffer.writerIndex
        self.owner = owner
        self.ownerID = ObjectIdentifier(owner)
    }

    /// Ends the last segment where the buffer ends.
    private func closeLast() {
        self.owner?.segment.end = self.buffer.writerIndex
        self.owner = nil
        self.ownerID = nil
    }

    /// The size of the owner's output, in bytes.
    @inline(__always)
    func size(for owner: some Owner) -> Int {
        if self.ownerID == ObjectIdentifier(owner) { return self.buffer.writerIndex - owner.segment.start }
        return owner.segment.batch >= 0 ? owner.segment.end - owner.segment.start : 0
    }

    /// Begins another batch. The segments of the one before last were removed.
    func beginBatch() {
        self.closeLast()
        self.batch += 1
        self.recycle(&self.flushing)
        swap(&self.buffer, &self.flushing)
    }

    private func recycle(_ buffer: inout ByteBuffer) {
        if buffer.capacity > Self.maxKept {
            buffer = Self.empty
        } else {
            // After a partial write the channel keeps the memory. The next buffer then starts small.
            buffer.clear(minimumCapacity: Self.capacity)
        }
    }

    /// Removes and returns the owner's output; nil if there is none. Without a copy if its batch is being written,
    /// unless `copies`: a slice that the channel cannot write yet would keep the memory of the whole batch.
    func remove(for owner: some Owner, copies: Bool = false) -> ByteBuffer? {
        if self.ownerID == ObjectIdentifier(owner) { self.closeLast() }
        let segment = owner.segment
        owner.segment = Segment()
        let size = segment.end - segment.start
        guard segment.batch >= 0, size > 0 else { return nil }
        guard segment.batch == self.batch else {
            return copies
                ? self.flushing.getBytesCopy(at: segment.start, length: size)
                : self.flushing.getSlice(at: segment.start, length: size)
        }
        // A slice would keep the memory to which other connections append.
        let copy = self.buffer.getBytesCopy(at: segment.start, length: size)
        if self.ownerID == nil, segment.end == self.buffer.writerIndex {
            self.buffer.moveWriterIndex(to: segment.start)
        }
        return copy
    }

    /// Drops the owner's output.
    func discard(for owner: some Owner) {
        if self.ownerID == ObjectIdentifier(owner) { self.closeLast() }
        owner.segment = Segment()
    }

    /// Whether some of the buffers' bytes belong to this owner.
    func belongs(to owner: some Owner) -> Bool { owner.segment.batch >= 0 }

    /// Frees the memory of buffers that have grown. All segments of the batch that is being written were removed.
    func trim() {
        if self.buffer.readableBytes == 0, self.buffer.capacity > Self.capacity { self.buffer = Self.empty }
        if self.flushing.capacity > Self.capacity { self.flushing = Self.empty }
    }
}

extension ByteBuffer {
    /// Returns a copy of some bytes in memory of their own.
    fileprivate func getBytesCopy(at index: Int, length: Int) -> ByteBuffer? {
        self.viewBytes(at: index, length: length).map { ByteBuffer(bytes: $0) }
    }
}

@available(*, unavailable)
extension SharedOutput: Sendable {}
