import CASGI

/// The address of one end of a connection.
///
/// ```swift
/// let client = scope.client?.host ?? "unknown"
/// ```
public struct Address: Sendable, Hashable {
    /// The numeric IP address, or the path of a Unix socket.
    public let host: String
    /// The port; nil if there is none, as for a Unix socket.
    public let port: Int?

    /// Nil if the host is empty: the address is unknown.
    init?(_ host: asgi_string, _ port: Int32) {
        guard host.size > 0 else { return nil }
        self.host = String(host)
        self.port = port < 0 ? nil : Int(port)
    }
}
