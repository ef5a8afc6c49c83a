/// The WebSocket's `send`.
///
/// A message suspends while as much is under way to the client as may be (back-pressure); every other event is taken at once.
/// Throws `Disconnected` when the WebSocket has ended; `HostRefusal` for an event out of order: the host's log says why.
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
}
