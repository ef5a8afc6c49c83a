/// The WebSocket side of an exchange. At first a handshake that can be accepted, closed (403) or answered with a
/// response; after acceptance an open WebSocket.
///
/// Loop-bound, by the rules of `Exchange`. Its end is the end of the exchange that it belongs to.
public protocol WebSocket: AnyObject {
    /// The subprotocols that the client offers, in the client's order. Valid until `Exchange.recycle`.
    var subprotocols: UnsafeBufferPointer<Octets> { get }

    /// Receives the next event.
    func receive() -> WebSocketReception

    /// Accepts the handshake: 101 with the fields, and the subprotocol if it is not empty. Can be called before
    /// `.connect` was received.
    func accept(subprotocol: Octets, fields: HeaderFields) -> SendOutcome

    /// Starts a response in place of the WebSocket.
    func reject(status: Int, fields: HeaderFields) -> SendOutcome

    /// Sends a part of that response's body. `more`: whether further parts follow.
    func reject(_ body: ResponseBody, more: Bool) -> SendOutcome

    /// Sends a message as one frame. A text message has to be UTF-8.
    func send(_ message: ResponseBody, isText: Bool) -> SendOutcome

    /// Sends a message that is already encoded, and can be sent to many WebSockets.
    func send(_ message: WebSocketMessage) -> SendOutcome

    /// Closes the WebSocket with this code; before acceptance, answers the handshake with 403.
    func close(code: Int, reason: Octets) -> SendOutcome
}

/// The result of a WebSocket's `receive`.
public enum WebSocketReception {
    /// The handshake. Always the first event, once.
    case connect
    /// A message. Its bytes are valid until the next `receive` or the end of the exchange.
    case message(Octets, isText: Bool)
    /// Nothing has arrived. The owner is notified with `.readable`.
    case pending
    /// The WebSocket has ended with this code. Returned by every further call. The reason is valid as long as the bytes
    /// of a message.
    case disconnect(code: Int, reason: Octets)
}
