import HTTPServer
import NIOCore

/// One connection of a relay: splits input into frames, and writes queued frames after each batch. Loop-bound.
final class RelayLink: ChannelInboundHandler, ServerConnection {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    // SAFETY: the loop outlives its links.
    unowned(unsafe) let loop: ServerLoop
    /// A link does not count towards the limit of client connections.
    let isCounted = false
    /// Whether this end is the back, which answers exchanges of another process.
    let serves: Bool
    private var context: ChannelHandlerContext?
    /// `nil` once the link is lost.
    private var endpoint: (any RelayEndpoint)?
    private var input = ByteBuffer()
    private var output: ByteBuffer
    private var spare: ByteBuffer
    private var isDirty = false
    private static let capacity = 16 * 1024
    /// The largest buffer that is kept for reuse, in bytes.
    private static let maxKept = 256 * 1024
    private var isClosing = false
    /// The streams that wait for room in the link, in order.
    private var awaiting = CircularBuffer<UInt32>()
    /// The high-water mark of the output of one turn, in bytes.
    private static let writeMark = 256 * 1024

    init(loop: ServerLoop, serves: Bool, endpoint: any RelayEndpoint) {
        self.loop = loop
        self.serves = serves
        self.endpoint = endpoint
        self.output = Self.emptyBuffer
        self.spare = Self.emptyBuffer
    }

    private static var emptyBuffer: ByteBuffer { ByteBufferAllocator().buffer(capacity: Self.capacity) }

    /// Adds the handlers of a link to its channel. `users`: the user ids that the peer process may run as.
    static func addHandlers(_ link: RelayLink, users: Set<UInt32>, to channel: any Channel) throws {
        try channel.pipeline.syncOperations.addHandlers([RelayPeerCheck(loop: link.loop, users: users), link])
    }

    /// The buffer sizes of reads: large enough for several pieces of a body.
    static var reads: AdaptiveRecvByteBufferAllocator {
        AdaptiveRecvByteBufferAllocator(minimum: 4096, initial: 16 * 1024, maximum: 4 * RelayFrame.maxPart)
    }

    // MARK: Output

    /// Queues a frame, which is written after the batch of the loop.
    @inline(__always)
    func send(_ kind: RelayFrame.Kind, _ stream: UInt32, _ body: (RelayWriter, inout ByteBuffer) -> Void = { _, _ in })
    {
        let writer = RelayWriter(kind, stream, to: &self.output)
        body(writer, &self.output)
        writer.end(in: &self.output)
        self.willFlush()
    }

    /// Queues a frame. Returns the size of its payload.
    func sendCounted(
        _ kind: RelayFrame.Kind, _ stream: UInt32, _ body: (RelayWriter, inout ByteBuffer) -> Void
    ) -> Int {
        let before = self.output.writerIndex
        self.send(kind, stream, body)
        return self.output.writerIndex - before - RelayFrame.headerSize
    }

    /// Queues an encoded frame. Returns the size of its payload.
    func send(_ frame: ByteBuffer) -> Int {
        self.output.writeImmutableBuffer(frame)
        self.willFlush()
        return frame.readableBytes - RelayFrame.headerSize
    }

    /// Whether the link has room for a part of a request or response body. Frames of other kinds are small and do not
    /// wait.
    var hasRoom: Bool { self.output.readableBytes < Self.writeMark && self.context?.channel.isWritable ?? true }

    /// Has `linkWritable` of the endpoint called once for this stream, when the link has room.
    func notifyWhenWritable(_ stream: UInt32) { self.awaiting.append(stream) }

    private func resumeAwaiting() {
        while self.hasRoom, let endpoint, let stream = self.awaiting.popFirst() { endpoint.linkWritable(stream) }
    }

    private func willFlush() {
        guard !self.isDirty else { return }
        self.isDirty = true
        self.loop.willFlushLast(self)
    }

    /// Closes the connection after pending writes. Called when no stream is left.
    func close() {
        guard !self.isClosing else { return }
        self.isClosing = true
        self.willFlush()
    }

    /// Writes the queued frames, after the batch of the loop.
    func flush() {
        self.isDirty = false
        guard let context else { return self.output.clear() }
        if self.output.readableBytes > 0 {
            swap(&self.spare, &self.output)
            context.writeAndFlush(self.wrapOutboundOut(self.spare), promise: nil)
            // `clear` reuses the memory if the channel has written it, and otherwise leaves the memory to the channel.
            if self.spare.capacity > Self.maxKept {
                self.spare = Self.emptyBuffer
            } else {
                self.spare.clear(minimumCapacity: Self.capacity)
            }
        }
        if self.isClosing { context.close(promise: nil) } else { self.resumeAwaiting() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) { self.loop.turn { self.resumeAwaiting() } }

    // MARK: Input

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.loop.add(self)
    }

    func channelActive(context: ChannelHandlerContext) {
        self.loop.turn {
            // The link may have been closed before it was connected.
            if self.isClosing { self.lose() } else { self.endpoint?.linkOpened(self) }
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = self.unwrapInboundIn(data)
        if self.input.readableBytes == 0 { swap(&self.input, &buffer) } else { self.input.writeBuffer(&buffer) }
        self.loop.turn { self.receiveFrames() }
    }

    private func receiveFrames() {
        do {
            while let endpoint {
                let size = try self.input.withUnsafeReadableBytes { bytes throws(RelayFault) -> Int? in
                    guard let frame = try RelayFrame(bytes, fromFront: self.serves) else { return nil }
                    let whole = RelayFrame.headerSize + frame.size
                    guard bytes.count >= whole else { return nil }
                    let payload = UnsafeRawBufferPointer(rebasing: bytes[RelayFrame.headerSize..<whole])
                    try endpoint.receive(frame, RelayReader(payload), on: self)
                    return whole
                }
                guard let size else { break }
                self.input.moveReaderIndex(forwardBy: size)
            }
            if self.input.readableBytes == 0, self.input.capacity > Self.maxKept {
                self.input = ByteBuffer()
            } else {
                self.input.discardReadBytes()
            }
        } catch {
            self.loop.log?.peerFailed(reason: "peer sent an invalid frame")
            self.lose()
        }
    }

    func channelInactive(context: ChannelHandlerContext) { self.loop.turn { self.lose() } }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { self.loop.turn { self.lose() } }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        self.loop.remove(self)
    }

    /// Closes the link at once, and tells the endpoint that it is lost.
    private func lose() {
        guard let endpoint else { return }
        self.endpoint = nil
        endpoint.linkLost(self)
        self.context?.close(promise: nil)
    }

    // MARK: End

    /// Stops new requests: a graceful shutdown of the loop has started.
    func stop() { self.loop.turn { self.endpoint?.stop(self) } }

    /// Frees memory that was kept for a peak of load.
    func trim() {
        if self.input.readableBytes == 0 { self.input = ByteBuffer() }
        if self.output.readableBytes == 0, self.output.capacity > Self.capacity { self.output = Self.emptyBuffer }
        if self.spare.capacity > Self.capacity { self.spare = Self.emptyBuffer }
        self.endpoint?.trim()
    }

    /// Gives up all exchanges: the drain timeout has passed.
    func giveUp() { self.loop.turn { self.endpoint?.giveUp(self) } }

    func abort() { self.loop.turn { self.lose() } }
}

@available(*, unavailable)
extension RelayLink: Sendable {}
