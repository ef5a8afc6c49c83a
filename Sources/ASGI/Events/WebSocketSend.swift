/// Sends the events of a WebSocket.
///
/// A message suspends while pending output exceeds the high-water mark (back-pressure); every other event is taken at
/// once. Throws `Disconnected` if the WebSocket has ended. Throws `HostRefusal` for an event that is out of order; the
/// host logs the reason.
///
/// ```swift
/// try await send(.text("Hello!"))
/// ```
public struct WebSocketSend: Sendable {
    let call: WebSocketCall

    /// Sends an event.
    public func callAsFunction(_ event: WebSocketSendEvent) async throws {
        switch event {
        case .accept(let subprotocol, let headers): try self.call.accept(subprotocol, headers)
        case .message(let message): try await self.call.send(message)
        case .close(let code, let reason): try self.call.close(code, reason)
        case .reject(let response): try self.call.reject(response)
        }
    }

    /// Has the next application answer, as `HTTPSend.next` does.
    public func next(
        setting headers: Headers = [:], removing names: [String] = [],
        start: (@Sendable (inout ResponseStart) -> Void)? = nil
    ) async throws {
        try await self.call.next(headers, names, start)
    }
}
