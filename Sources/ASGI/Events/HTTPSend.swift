import CASGI

/// The request's `send`.
///
/// A part of a body that others follow suspends while as much is under way to the client as may be (back-pressure); every other
/// event is taken at once. Throws `Disconnected` when the client has left; `HostRefusal` for an event out of order, or
/// malformed: the host's log says why.
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

    /// Sends a whole response.
    public func callAsFunction(_ response: HTTPResponse) async throws {
        try self.call.respond(response)
    }
}
