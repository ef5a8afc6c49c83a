import Glibc
import HTTPServer
import NIOCore

/// Activates a link if the peer process runs as an expected user, and closes it otherwise. Loop-bound.
final class RelayPeerCheck: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    // SAFETY: the loop outlives its channels.
    private unowned(unsafe) let loop: ServerLoop
    private let users: Set<UInt32>

    init(loop: ServerLoop, users: Set<UInt32>) {
        self.loop = loop
        self.users = users
    }

    func channelActive(context: ChannelHandlerContext) {
        guard let socket = context.channel as? any SocketOptionProvider else { return context.close(promise: nil) }
        let user: EventLoopFuture<PeerUser> = socket.unsafeGetSocketOption(
            level: NIOBSDSocket.OptionLevel.socket, name: NIOBSDSocket.Option(rawValue: SO_PEERCRED))
        user.assumeIsolated().whenComplete { result in
            guard let user = try? result.get().user, self.users.contains(user) else {
                self.loop.log?.peerFailed(reason: "peer belongs to another user")
                return context.close(promise: nil)
            }
            context.fireChannelActive()
        }
    }
}

/// `struct ucred` (unix(7), SO_PEERCRED), which Swift's Glibc lacks.
private struct PeerUser {
    var process: Int32
    var user: UInt32
    var group: UInt32
}

@available(*, unavailable)
extension RelayPeerCheck: Sendable {}
