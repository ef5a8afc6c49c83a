package import HTTPServer
import NIOCore

/// The listening socket of the back, which the front's workers connect to.
package enum RelayListening {
    /// Makes a listener of a socket that another process has bound. `users`: the users that the front's workers may run as.
    package static func listener(
        given descriptor: CInt, address: BindAddress, backlog: Int, users: Set<UInt32>
    ) -> Listener {
        Listener(given: descriptor, address: address, backlog: backlog) { channel, loop in
            let link = RelayLink(loop: loop, serves: true, endpoint: RelayServing(loop: loop))
            try channel.syncOptions?.setOption(.recvAllocator, value: RelayLink.reads)
            try RelayLink.addHandlers(link, users: users, to: channel)
        }
    }
}
