import Glibc
import NIOCore

/// Stops accepting for a moment when nothing can be accepted, for want of descriptors or memory: the connection that waits
/// would wake the loop again at once, and for ever. (NIO's own `AcceptBackoffHandler` leaves the socket watched.)
final class AcceptPause: ChannelInboundHandler {
    typealias InboundIn = any Channel

    private let loop: ServerLoop
    private static let time = TimeAmount.milliseconds(100)

    init(loop: ServerLoop) { self.loop = loop }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? IOError else { return context.fireErrorCaught(error) }
        self.loop.log?.couldNotAccept(reason: String(cString: strerror(error.errnoCode)))
        let options = context.channel.syncOptions
        try? options?.setOption(.autoRead, value: false)
        let channel = NIOLoopBound(context.channel, eventLoop: context.eventLoop)
        context.eventLoop.assumeIsolated().scheduleTask(in: Self.time) {
            // Fails when the server has stopped meanwhile: nothing is to be accepted then.
            try? channel.value.syncOptions?.setOption(.autoRead, value: true)
        }
    }
}
