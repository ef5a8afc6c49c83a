package import HTTPServer
import NIOCore

/// The back's socket, by which other workers have exchanges answered here.
package enum RelayListening {
    /// Takes a socket that another process has bound. `users`: those that the workers at the other end may belong to.
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
