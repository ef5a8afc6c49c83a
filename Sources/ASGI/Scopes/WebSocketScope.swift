import CASGI

/// The scope of a WebSocket: handshake request and subprotocols. A copy that can be kept and passed on like any value.
///
/// ```swift
/// func webSocket(_ scope: WebSocketScope, _ receive: WebSocketReceive, _ send: WebSocketSend) async throws {
///     try await send(.accept())
///     for try await message in receive.messages { try await send(.message(message)) }
/// }
/// ```
public struct WebSocketScope: Sendable {
    /// The properties that it shares with a request: path, header fields, client, settings, log.
    public let request: HTTPScope

    init(memory: ScopeMemory) { self.request = HTTPScope(memory: memory) }

    /// The subprotocols that the client offers, in the client's order.
    public var subprotocols: [String] { self.request.memory.subprotocols.map(String.init) }
    /// The path below the mount.
    public var pathInfo: String { self.request.pathInfo }
    /// The header fields of the handshake, in order.
    public var headers: Headers { self.request.headers }

    /// Whether the client is connected. False after the WebSocket has ended. Thread-safe.
    public var isOpen: Bool { self.request.isOpen }

    /// Adds the WebSocket to a group. Thread-safe.
    ///
    /// It gets the group's messages (`Broadcast.send`) once it is accepted, and leaves the group when it ends. Throws
    /// `HostRefusal` if it is in too many groups, or if the name is empty or longer than 255 bytes.
    public func join(_ group: String) throws { try self.broadcast.join(group) }

    /// Removes the WebSocket from a group. Thread-safe.
    public func leave(_ group: String) throws { try self.broadcast.leave(group) }

    /// Sends messages to groups of WebSockets.
    public var broadcast: Broadcast { self.request.broadcast }
}
