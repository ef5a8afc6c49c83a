import CASGI

/// One WebSocket: who asks for it, and how. A copy of what the host said, so it can be kept and passed on like any value.
///
/// ```swift
/// func webSocket(_ scope: WebSocketScope, _ receive: WebSocketReceive, _ send: WebSocketSend) async throws {
///     try await send(.accept())
///     for try await message in receive.messages { try await send(.message(message)) }
/// }
/// ```
public struct WebSocketScope: Sendable {
    /// What it has in common with a request: path, headers, client, settings, log.
    public let request: HTTPScope

    init(memory: ScopeMemory) { self.request = HTTPScope(memory: memory) }

    /// The subprotocols that the client offers, in its order.
    public var subprotocols: [String] { self.request.memory.subprotocols.map(String.init) }
    /// The path below the mount.
    public var pathInfo: String { self.request.pathInfo }
    /// The header fields of the handshake, in order.
    public var headers: Headers { self.request.headers }

    /// Whether the client is there: false when the WebSocket has ended. [any]
    public var isOpen: Bool { self.request.isOpen }

    /// Puts it into a group: it gets what `Broadcast.send` sends to it once it is accepted, and leaves with its end. [any]
    ///
    /// Throws `HostRefusal`: it is in too many, or the name is empty or longer than 255 bytes.
    public func join(_ group: String) throws { try self.broadcast.join(group) }

    /// Takes it out of a group. [any]
    public func leave(_ group: String) throws { try self.broadcast.leave(group) }

    /// Messages to groups.
    public var broadcast: Broadcast { self.request.broadcast }
}
