import NIOCore

/// What carries the bytes of one WebSocket: an HTTP/1 connection (RFC 6455), or a stream of an HTTP/2 connection
/// (RFC 8441). Loop-bound.
protocol WebSocketCarrier: AnyObject {
    // MARK: Handshake

    /// Sends the response that accepts the handshake, and carries the bytes of `socket` from then on.
    func accept(_ handshake: AcceptedHandshake, for socket: WebSocketSession)

    // MARK: Input

    /// Whether there is no input that was not consumed.
    var hasNoInput: Bool { get }
    /// Whether the client has ended its side.
    var hasInputEnded: Bool { get }
    /// Whether that was too long ago for the client to be still connected.
    var isHalfClosedTooLong: Bool { get }
    /// Passes the input to `body` without consuming it.
    func peekInput(_ body: (UnsafeRawBufferPointer) -> Bool) -> Bool
    /// Passes the input to `body`, which returns the number of bytes that it has consumed.
    func consumeInput(
        _ body: (UnsafeRawBufferPointer) -> (step: WebSocketReader.Step, consumed: Int)
    ) -> WebSocketReader.Step
    /// Lets the client send more, if there is room.
    func resumeReading()
    /// Requests a call of the socket's `inputCame` in this turn.
    func willProceed()

    // MARK: Output

    /// Whether another message may be accepted.
    var hasRoom: Bool { get }
    /// Whether output is pending.
    var hasUnsent: Bool { get }
    func encode(_ body: (inout ByteBuffer) -> Void)
    func write(_ body: ResponseBody)
    /// Writes bytes that other WebSockets share.
    func write(shared bytes: ByteBuffer)
    /// The outcome of an accepted message, whose sender is told when more may be sent.
    func sentOutcome() -> SendOutcome

    // MARK: End

    /// Called when the WebSocket has ended: what carries it is closed after pending writes.
    func socketEnded()
    /// Closes at once. `reset`: also drops what was not sent.
    func abort(reset: Bool)
}
