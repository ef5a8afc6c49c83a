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

    /// Has the next application answer: the one that this application wraps, by the key `wrapped-by` of its entry.
    ///
    /// `headers` replace the request's fields of their names, so a client cannot forge them; the fields with the `names`
    /// are removed. `start` may change the beginning of the response; it is called on the loop, and must not block.
    /// Returns when the next application has ended; nothing can be sent afterwards. Throws `HostRefusal` if there is no
    /// next application (`.unsupported`), or if it cannot be called any more.
    ///
    /// ```swift
    /// guard let user = self.user(of: scope) else { throw HTTPError(401) }
    /// try await send.next(setting: ["remote-user": user], removing: ["authorization"])
    /// ```
    public func next(
        setting headers: Headers = [:], removing names: [String] = [],
        start: (@Sendable (inout ResponseStart) -> Void)? = nil
    ) async throws {
        try await self.call.next(headers, names, start)
    }
}
