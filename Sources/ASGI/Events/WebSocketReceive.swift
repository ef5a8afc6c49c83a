/// Receives the events of a WebSocket, one call at a time.
///
/// ```swift
/// for try await message in receive.messages { try await send(.message(message)) }
/// ```
public struct WebSocketReceive: Sendable {
    let call: WebSocketCall

    /// Returns the next event, waiting for it if necessary.
    ///
    /// Data is read from the client on demand. Once the WebSocket has ended, every call returns `disconnect`. Throws
    /// the same errors as `HTTPReceive`.
    public func callAsFunction() async throws -> WebSocketReceiveEvent { try await self.call.receive() }

    /// The messages, until the WebSocket ends.
    public var messages: WebSocketMessages { WebSocketMessages(call: self.call) }
}

/// The messages of a WebSocket: an asynchronous sequence that ends when the WebSocket ends.
///
/// ```swift
/// var messages = receive.messages.makeAsyncIterator()
/// let hello = try await messages.next()
/// ```
public struct WebSocketMessages: AsyncSequence, Sendable {
    let call: WebSocketCall

    /// Iterates over the messages.
    ///
    /// ```swift
    /// while let message = try await messages.next() { print(message) }
    /// ```
    public struct AsyncIterator: AsyncIteratorProtocol {
        let call: WebSocketCall

        public mutating func next() async throws -> WebSocketMessage? {
            while true {
                switch try await self.call.receive() {
                case .connect: continue
                case .message(let message): return message
                case .disconnect: return nil
                }
            }
        }
    }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(call: self.call) }
}
