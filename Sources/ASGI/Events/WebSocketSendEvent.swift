/// An event that a WebSocket's `send` takes.
///
/// ```swift
/// try await send(.accept(subprotocol: "chat"))
/// try await send(.text("Hello!"))
/// try await send(.close(code: 4000, reason: "enough"))
/// ```
public enum WebSocketSendEvent: Sendable {
    /// `websocket.accept`: accepts the WebSocket, with one of the subprotocols that the client offers, or none.
    case accept(subprotocol: String? = nil, headers: Headers = [:])
    /// `websocket.send`: a message to the client.
    case message(WebSocketMessage)
    /// `websocket.close`: closes the WebSocket; before it is accepted, rejects it with 403.
    case close(code: Int = 1000, reason: String = "")
    /// `websocket.http.response`: rejects the WebSocket with a complete response, instead of accepting it.
    case reject(HTTPResponse)

    /// A text message.
    public static func text(_ text: String) -> Self { .message(.text(text)) }
    /// A binary message.
    public static func bytes(_ bytes: [UInt8]) -> Self { .message(.bytes(bytes)) }
}
