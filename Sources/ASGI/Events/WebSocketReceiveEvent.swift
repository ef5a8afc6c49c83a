/// What `receive` of a WebSocket gives.
///
/// ```swift
/// switch try await receive() {
/// case .connect: try await send(.accept())
/// case .message(let message): print(message)
/// case .disconnect(let code, _): print("closed with \(code)")
/// }
/// ```
public enum WebSocketReceiveEvent: Sendable, Hashable {
    /// `websocket.connect`: the first, before it is accepted.
    case connect
    /// `websocket.receive`.
    case message(WebSocketMessage)
    /// `websocket.disconnect`: 1005 when the client gave no code, 1006 when the connection was lost.
    case disconnect(code: Int, reason: String)
}
