import HTTPServer
import NIOCore

/// The handler nearest to the socket of a TLS connection. Loop-bound.
///
/// Recognizes clients that do not speak TLS before anything else sees their bytes, and closes the connection without
/// the notice of a regular end.
final class TLSTransport: ChannelDuplexHandler, SecureTransport {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    private let files: FileReadingHandler
    private var context: ChannelHandlerContext?
    private var phase = Phase.first
    /// The number of the cipher suite; 0 before it is known.
    private(set) var cipherSuite: UInt16 = 0

    private enum Phase {
        /// Nothing has arrived.
        case first
        case encrypted
        /// The client does not speak TLS: what it sends is dropped.
        case refused
    }

    init(_ files: FileReadingHandler) { self.files = files }

    /// A refusal of the connection, passed to the handlers above.
    struct NotEncrypted: Error, CustomStringConvertible {
        let description: String
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if self.phase == .first {
            let first = self.unwrapInboundIn(data).withUnsafeReadableBytes { $0.first }
            // The type of a handshake record (RFC 8446 §5.1).
            self.phase = first == 22 ? .encrypted : .refused
            if let first, self.phase == .refused { return self.refuse(first, context) }
        }
        if self.phase == .encrypted { context.fireChannelRead(data) }
    }

    /// Answers a request of HTTP without TLS, and refuses everything else without an answer.
    private func refuse(_ first: UInt8, _ context: ChannelHandlerContext) {
        guard UInt8(ascii: "A")...UInt8(ascii: "Z") ~= first else {
            context.fireErrorCaught(NotEncrypted(description: "not a TLS handshake"))
            return context.close(promise: nil)
        }
        context.fireErrorCaught(NotEncrypted(description: "plain HTTP request on a TLS port"))
        let text = "Bad Request: plain HTTP request on a TLS port; use https\n"
        let answer = ByteBuffer(
            string: "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\n"
                + "content-length: \(text.utf8.count)\r\nconnection: close\r\n\r\n\(text)")
        context.writeAndFlush(NIOAny(IOData.byteBuffer(answer)), promise: nil)
        // What the client still sends would reset the connection before it has read the answer (RFC 9112 §9.6). The
        // deadline of the handshake ends this.
        context.close(mode: .output, promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if self.phase == .refused, event as? ChannelEvent == .inputClosed { return context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if self.cipherSuite == 0, case .byteBuffer(let bytes) = self.unwrapOutboundIn(data) {
            self.cipherSuite = bytes.withUnsafeReadableBytes { ServerHello.cipherSuite(in: $0) } ?? 0
        }
        context.write(data, promise: promise)
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        let unsent = (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
        guard mode == .all, unsent > 0 else { return context.close(mode: mode, promise: promise) }
        // The notice of the end was written, but the socket had no room for it: closing would drop it.
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { _ in context.close(promise: promise) }
        context.writeAndFlush(NIOAny(IOData.byteBuffer(ByteBuffer())), promise: written)
    }

    // MARK: SecureTransport

    var heldBytes: Int { self.files.heldBytes }

    func abort() { self.context?.close(promise: nil) }
}

@available(*, unavailable)
extension TLSTransport: Sendable {}
