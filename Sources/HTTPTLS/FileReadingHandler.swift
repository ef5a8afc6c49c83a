import HTTPServer
import NIOCore

/// Replaces the parts of files in the output by their bytes, since they have to be encrypted. Reads as fast as the
/// client does. What is written after a file waits until the file is read. Loop-bound.
final class FileReadingHandler: ChannelInboundHandler, ChannelOutboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = ByteBuffer

    private enum Item {
        case bytes(ByteBuffer, EventLoopPromise<Void>?)
        case file(FilePieces, Completion)
    }

    /// The promise of a file, and how it is completed once no thread uses the file.
    private final class Completion {
        let promise: EventLoopPromise<Void>?
        var isWhole = false

        init(_ promise: EventLoopPromise<Void>?) { self.promise = promise }

        func complete() { if self.isWhole { self.promise?.succeed() } else { self.promise?.fail(ChannelError.eof) } }
    }

    private var queue: [Item] = []
    private var context: ChannelHandlerContext?
    private var isPumping = false
    /// The bytes in the queue, including those of files that are not read yet.
    private(set) var heldBytes = 0
    /// The size of a piece of a file: four TLS records.
    private static let pieceSize = 64 * 1024

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.drop() }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch self.unwrapOutboundIn(data) {
        case .byteBuffer(let bytes):
            guard !self.queue.isEmpty else { return context.write(self.wrapOutboundOut(bytes), promise: promise) }
            self.heldBytes += bytes.readableBytes
            self.queue.append(.bytes(bytes, promise))
        case .fileRegion(let region):
            let completion = Completion(promise)
            // Fails only for a closed handle, which the owner does not pass.
            let file = (try? region.fileHandle.withUnsafeFileDescriptor { $0 }) ?? -1
            let pieces = FilePieces(
                file, region.readerIndex..<region.endIndex, on: context.eventLoop,
                ready: { [weak self] in self?.pump() },
                closed: completion.complete)
            self.heldBytes += pieces.left
            self.queue.append(.file(pieces, completion))
        }
    }

    func flush(context: ChannelHandlerContext) {
        context.flush()
        self.pump()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { self.pump() }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.drop()
        context.fireChannelInactive()
    }

    /// Passes on what the channel takes.
    private func pump() {
        // Completing a promise can write more.
        guard !self.isPumping else { return }
        self.isPumping = true
        defer { self.isPumping = false }
        var hasWritten = false
        while let context, context.channel.isWritable, let item = self.queue.first {
            switch item {
            case .bytes(let bytes, let promise):
                self.queue.removeFirst()
                self.heldBytes -= bytes.readableBytes
                context.write(self.wrapOutboundOut(bytes), promise: promise)
                hasWritten = true
            case .file(let pieces, let completion):
                switch pieces.next(most: Self.pieceSize) {
                case .bytes(let bytes):
                    self.heldBytes -= bytes.readableBytes
                    // Written at once, so that the channel reports when it has enough.
                    context.writeAndFlush(self.wrapOutboundOut(bytes), promise: nil)
                    hasWritten = false
                case .loading: return context.flush()
                case .failed:
                    // The rest of the body cannot be sent: only the end of the connection tells the client.
                    self.drop()
                    context.fireErrorCaught(ChannelError.eof)
                case .end:
                    self.queue.removeFirst()
                    completion.isWhole = true
                    pieces.cancel()
                }
            }
        }
        if hasWritten { self.context?.flush() }
    }

    /// Fails everything in the queue.
    private func drop() {
        self.context = nil
        let queue = self.queue
        self.queue = []
        self.heldBytes = 0
        for item in queue {
            switch item {
            case .bytes(_, let promise): promise?.fail(ChannelError.ioOnClosedChannel)
            case .file(let pieces, _): pieces.cancel()
            }
        }
    }
}

@available(*, unavailable)
extension FileReadingHandler: Sendable {}
