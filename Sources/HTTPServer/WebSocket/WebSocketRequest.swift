import NIOCore

/// The exchange of a WebSocket's handshake. Loop-bound.
protocol WebSocketRequest: Exchange {
    /// Called when the handshake was accepted.
    func accepted()
    /// Counts a message that was written to the client.
    func sent(message size: Int)
    /// Called when the WebSocket or its owner has ended.
    func socketLeft(isCut: Bool)
    /// Answers 403 to a handshake that the owner has rejected.
    func answerForbidden()
    /// Lends bytes, which stay valid until other bytes are lent, or the exchange is recycled.
    func lend(_ buffer: ByteBuffer) -> Octets
}
