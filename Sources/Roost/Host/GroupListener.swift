import HTTPRelay
package import HTTPServer
import ModuleRuntime

/// The listening socket of a worker that receives its requests from another group's workers (`GroupAnswerer`).
package enum GroupListener {
    /// Creates a listener for a socket that another process has bound. `users`: the users that the other workers may
    /// run as.
    package static func make(
        given descriptor: CInt, address: BindAddress, backlog: Int, users: Set<UInt32>
    ) -> Listener {
        RelayListening.listener(given: descriptor, address: address, backlog: backlog, users: users) {
            exchange, mount in
            guard let scopes = ScopeLoop.current else { preconditionFailure("a request outside an event loop") }
            scopes.takeUnretainedValue().handle(exchange, mount: mount)
        }
    }
}
