import CASGI

/// Sends the events of a response.
///
/// A body part with `more: true` suspends while pending output exceeds the high-water mark (back-pressure); every other
/// event is taken at once. Throws `Disconnected` if the client has disconnected. Throws `HostRefusal` for an event that
/// is malformed or out of order; the host logs the reason.
///
/// ```swift
/// try await send(.text("Hello, World!"))
/// ```
public struct HTTPSend: Sendable {
    let call: HTTPCall

    /// Sends an event.
    public func callAsFunction(_ event: HTTPSendEvent) async throws {
        switch event {
        case .response(let response): try await self(response)
        case .start(let status, let headers):
            try self.call.start(status, headers)
        case .earlyHint(let links): try self.call.hint(links)
        case .body(let body, more: false):
            try self.call.sendLast(body)
        case .body(let body, more: true):
            try await self.call.sendPart(body)
        }
    }

    /// Sends a complete response.
    public func callAsFunction(_ response: HTTPResponse) async throws {
        try self.call.respond(response)
    }
}
