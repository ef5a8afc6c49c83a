import CASGI

/// An end of a connection.
///
/// ```swift
/// let client = scope.client?.host ?? "somebody"
/// ```
public struct Address: Sendable, Hashable {
    /// A numeric address, or the path of a Unix socket.
    public let host: String
    /// Nil: none, as of a Unix socket.
    public let port: Int?

    /// An address; nil when the host is empty, which means that it is not known.
    init?(_ host: asgi_string, _ port: Int32) {
        guard host.size > 0 else { return nil }
        self.host = String(host)
        self.port = port < 0 ? nil : Int(port)
    }
}
