import Glibc
import NIOCore

/// One connection of a relay: frames in, and frames out in one write a turn. Loop-bound.
final class RelayLink: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Outlives its links.
    unowned(unsafe) let loop: ServerLoop
    /// Another process has its exchanges answered here.
    let serves: Bool
    private let users: Set<UInt32>
    private var context: ChannelHandlerContext?
    /// Who understands what comes; nil when it is of no use any more.
    private var end: (any RelayEnd)?
    private var input = ByteBuffer()
    private var output: ByteBuffer
    private var spare: ByteBuffer
    private var isDirty = false
    private static let capacity = 16 * 1024
    /// A buffer that has grown beyond this is not kept.
    private static let mostKept = 1024 * 1024
    private var isClosing = false

    /// `users`: who the other side has to be.
    init(loop: ServerLoop, serves: Bool, users: Set<UInt32>, end: any RelayEnd) {
        self.loop = loop
        self.serves = serves
        self.users = users
        self.end = end
        self.output = ByteBufferAllocator().buffer(capacity: Self.capacity)
        self.spare = ByteBufferAllocator().buffer(capacity: Self.capacity)
    }

    /// What a read takes at most: bodies come in pieces, several at once.
    static var reads: AdaptiveRecvByteBufferAllocator {
        AdaptiveRecvByteBufferAllocator(minimum: 4096, initial: 16 * 1024, maximum: RelayWindow.most)
    }

    // MARK: Out

    /// Has a frame leave when the turn ends.
    @inline(__always)
    func send(_ kind: RelayFrame.Kind, _ stream: UInt32, _ body: (RelayWriter, inout ByteBuffer) -> Void = { _, _ in })
    {
        let writer = RelayWriter(kind, stream, to: &self.output)
        body(writer, &self.output)
        writer.end(in: &self.output)
        self.willFlush()
    }

    /// The same; says how many bytes the frame holds.
    func sendCounted(
        _ kind: RelayFrame.Kind, _ stream: UInt32, _ body: (RelayWriter, inout ByteBuffer) -> Void
    ) -> Int {
        let before = self.output.writerIndex
        self.send(kind, stream, body)
        return self.output.writerIndex - before - RelayFrame.headSize
    }

    /// A frame that is whole.
    func send(_ frame: ByteBuffer) -> Int {
        self.output.writeImmutableBuffer(frame)
        self.willFlush()
        return frame.readableBytes - RelayFrame.headSize
    }

    private func willFlush() {
        guard !self.isDirty else { return }
        self.isDirty = true
        self.loop.willFlush(self)
    }

    /// Closes when what was sent has left.
    func close() {
        guard !self.isClosing else { return }
        self.isClosing = true
        self.willFlush()
    }

    /// The turn ends.
    func flush() {
        self.isDirty = false
        guard let context else { return }
        if self.output.readableBytes > 0 {
            swap(&self.spare, &self.output)
            context.writeAndFlush(self.wrapOutboundOut(self.spare), promise: nil)
            // One that has left is used again; of one that is still on its way this is another's then.
            if self.spare.capacity > Self.mostKept {
                self.spare = ByteBufferAllocator().buffer(capacity: Self.capacity)
            } else {
                self.spare.clear()
            }
        }
        if self.isClosing { context.close(promise: nil) }
    }

    // MARK: In

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.loop.add(self)
    }

    func channelActive(context: ChannelHandlerContext) {
        guard let socket = context.channel as? any SocketOptionProvider else { return self.lose() }
        let user: EventLoopFuture<PeerUser> = socket.unsafeGetSocketOption(
            level: NIOBSDSocket.OptionLevel.socket, name: NIOBSDSocket.Option(rawValue: SO_PEERCRED))
        user.assumeIsolated().whenComplete { result in
            self.loop.turn {
                guard let user = try? result.get().user, self.users.contains(user) else {
                    self.loop.log?.relayBroke(reason: "its other side is another user")
                    return self.lose()
                }
                // It may not be wanted any more.
                guard !self.isClosing else { return self.lose() }
                self.end?.linkOpened(self)
            }
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = self.unwrapInboundIn(data)
        if self.input.readableBytes == 0 { swap(&self.input, &buffer) } else { self.input.writeBuffer(&buffer) }
        self.loop.turn { self.take() }
    }

    private func take() {
        do {
            while let end {
                let size = try self.input.withUnsafeReadableBytes { bytes throws(RelayFault) -> Int? in
                    guard let frame = try RelayFrame(bytes) else { return nil }
                    let whole = RelayFrame.headSize + frame.size
                    guard bytes.count >= whole else { return nil }
                    try end.take(
                        frame, RelayReader(UnsafeRawBufferPointer(rebasing: bytes[RelayFrame.headSize..<whole])),
                        on: self)
                    return whole
                }
                guard let size else { break }
                self.input.moveReaderIndex(forwardBy: size)
            }
            self.input.discardReadBytes()
        } catch {
            self.loop.log?.relayBroke(reason: "it was sent what makes no sense")
            self.lose()
        }
    }

    func channelInactive(context: ChannelHandlerContext) { self.loop.turn { self.lose() } }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { self.loop.turn { self.lose() } }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        self.loop.remove(self)
    }

    /// It is gone, or will be.
    private func lose() {
        guard let end else { return }
        self.end = nil
        end.linkLost(self)
        self.context?.close(promise: nil)
    }

    // MARK: The end

    /// The loop stops: nothing new is to come.
    func stop() { self.loop.turn { self.end?.stop(self) } }

    /// Its streams have no more time.
    func leave() { self.loop.turn { self.end?.leave(self) } }

    func abort() { self.loop.turn { self.lose() } }
}

/// `struct ucred` (unix(7), SO_PEERCRED), which Swift's Glibc lacks.
private struct PeerUser {
    var process: Int32
    var user: UInt32
    var group: UInt32
}

/// What understands the frames of a link: the front's side, or the back's. Loop-bound.
protocol RelayEnd: AnyObject {
    func linkOpened(_ link: RelayLink)
    /// Throws for what makes no sense.
    func take(_ frame: RelayFrame, _ reader: RelayReader, on link: RelayLink) throws(RelayFault)
    func linkLost(_ link: RelayLink)
    func stop(_ link: RelayLink)
    func leave(_ link: RelayLink)
}
