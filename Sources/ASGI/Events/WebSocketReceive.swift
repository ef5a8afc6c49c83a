/// The WebSocket's `receive`. One at a time.
///
/// ```swift
/// for try await message in receive.messages { try await send(.message(message)) }
/// ```
public struct WebSocketReceive: Sendable {
    let call: WebSocketCall

    /// The next event, as soon as there is one. What is not received is not read from the client. When the WebSocket has ended
    /// it is `disconnect`, as often as asked. Throws as the request's `receive` does.
    public func callAsFunction() async throws -> WebSocketReceiveEvent { try await self.call.receive() }

    /// The messages, until the WebSocket ends.
    public var messages: WebSocketMessages { WebSocketMessages(call: self.call) }
}

/// The messages of a WebSocket: an asynchronous sequence that ends with it.
///
/// ```swift
/// var messages = receive.messages.makeAsyncIterator()
/// let hello = try await messages.next()
/// ```
public struct WebSocketMessages: AsyncSequence, Sendable {
    let call: WebSocketCall

    /// Takes the messages one after another.
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
