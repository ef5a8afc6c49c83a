package import NIOCore

/// Encrypts the connections of a server: TLS. Thread-safe.
package protocol ConnectionSecurity: Sendable {
    /// Adds the handlers that perform the handshake of a connection, at the end of its pipeline. When it is complete,
    /// they call `start.addConnection`. `clients`: whether the client presents a certificate; nil for the usual way.
    func addHandlers(
        to channel: any Channel, _ start: ConnectionStart, clients: ListenerSecurity.ClientCertificates?) throws
}
