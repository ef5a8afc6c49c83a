package import HTTPServer
import NIOCore

/// The listening socket of the back, to which the workers of the front connect.
package enum RelayListening {
    /// Makes a listener from a socket that another process has bound.
    ///
    /// `users`: the user ids that the workers of the front may run as. `handle`: answers an exchange, on its loop; the
    /// number is that of the mount that the front has found for it.
    package static func listener(
        given descriptor: CInt, address: BindAddress, backlog: Int, users: Set<UInt32>,
        handle: @escaping @Sendable (any Exchange, UInt32) -> Void
    ) -> Listener {
        Listener(given: descriptor, address: address, backlog: backlog) { channel, loop in
            let link = RelayLink(loop: loop, serves: true, endpoint: RelayServer(loop: loop, handle: handle))
            try channel.syncOptions?.setOption(.recvAllocator, value: RelayLink.reads)
            try RelayLink.addHandlers(link, users: users, to: channel)
        }
    }
}
