/// An event that a WebSocket's `receive` returns.
///
/// ```swift
/// switch try await receive() {
/// case .connect: try await send(.accept())
/// case .message(let message): print(message)
/// case .disconnect(let code, _): print("closed with \(code)")
/// }
/// ```
public enum WebSocketReceiveEvent: Sendable, Hashable {
    /// `websocket.connect`: the first event, before the WebSocket is accepted.
    case connect
    /// `websocket.receive`: a message from the client.
    case message(WebSocketMessage)
    /// `websocket.disconnect`. The code is 1005 if the client sent none, 1006 if the connection was lost.
    case disconnect(code: Int, reason: String)
}
