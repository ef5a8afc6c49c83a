/// What `send` of a WebSocket takes.
///
/// ```swift
/// try await send(.accept(subprotocol: "chat"))
/// try await send(.text("Hello!"))
/// try await send(.close(code: 4000, reason: "enough"))
/// ```
public enum WebSocketSendEvent: Sendable {
    /// `websocket.accept`: with one of the subprotocols that the client offers, or none.
    case accept(subprotocol: String? = nil, headers: Headers = [:])
    /// `websocket.send`.
    case message(WebSocketMessage)
    /// `websocket.close`; before it is accepted: 403.
    case close(code: Int = 1000, reason: String = "")
    /// `websocket.http.response`: a whole response instead of accepting.
    case reject(HTTPResponse)

    /// A message of text.
    public static func text(_ text: String) -> Self { .message(.text(text)) }
    /// A message of bytes.
    public static func bytes(_ bytes: [UInt8]) -> Self { .message(.bytes(bytes)) }
}
