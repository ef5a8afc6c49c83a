/// What an exchange is besides, when its client asks for a WebSocket: at first a request that can be accepted, closed (403) or
/// answered with a response, then a socket.
///
/// Loop-bound, by the rules of `Exchange`, to which it belongs: its end is the exchange's.
public protocol WebSocket: AnyObject {
    /// The subprotocols that the client offers, in its order. Valid until the exchange's `rest`.
    var subprotocols: UnsafeBufferPointer<Octets> { get }

    /// The next event.
    func receive() -> WebSocketReception

    /// Takes the handshake: 101 with the subprotocol, if it is not empty, and the fields. May come before `.connect` was received.
    func accept(subprotocol: Octets, fields: HeaderFields) -> SendOutcome

    /// Begins a response in place of the WebSocket.
    func reject(status: Int, fields: HeaderFields) -> SendOutcome

    /// A part of that response's body; `more` says that it is not the last.
    func reject(_ body: ResponseBody, more: Bool) -> SendOutcome

    /// A message, as one frame. Text has to be UTF-8.
    func send(_ message: ResponseBody, isText: Bool) -> SendOutcome

    /// A message that was encoded before: it may go to many.
    func send(_ message: WebSocketMessage) -> SendOutcome

    /// Closes with this code; before the handshake was taken, with 403.
    func close(code: Int, reason: Octets) -> SendOutcome
}

/// What a WebSocket's `receive` answers.
public enum WebSocketReception {
    /// The handshake: the first, once.
    case connect
    /// A message; its bytes are valid until the next `receive` or the exchange's end.
    case message(Octets, isText: Bool)
    /// Nothing is there yet: the owner is told `.readable`.
    case pending
    /// The WebSocket has ended, with this code; comes as often as it is asked. The reason is valid as a message is.
    case disconnect(code: Int, reason: Octets)
}
