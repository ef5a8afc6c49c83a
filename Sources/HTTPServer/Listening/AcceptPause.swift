import Glibc
import NIOCore

/// Pauses accepting for a moment when accept fails for lack of descriptors or memory. Otherwise the waiting connection
/// would wake the loop again and again. (NIO's own `AcceptBackoffHandler` keeps polling the socket.)
final class AcceptPause: ChannelInboundHandler {
    typealias InboundIn = any Channel

    private let loop: ServerLoop
    private static let time = TimeAmount.milliseconds(100)

    init(loop: ServerLoop) { self.loop = loop }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? IOError else { return context.fireErrorCaught(error) }
        self.loop.log?.acceptFailed(reason: String(cString: strerror(error.errnoCode)))
        let options = context.channel.syncOptions
        try? options?.setOption(.autoRead, value: false)
        let channel = NIOLoopBound(context.channel, eventLoop: context.eventLoop)
        context.eventLoop.assumeIsolated().scheduleTask(in: Self.time) {
            // Fails if the server has stopped meanwhile, which then accepts nothing more.
            try? channel.value.syncOptions?.setOption(.autoRead, value: true)
        }
    }
}
