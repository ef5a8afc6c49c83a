import CASGI

/// Receives the events of a request, one call at a time.
///
/// ```swift
/// let note = try await receive.body.text(upTo: 64 * 1024)
/// ```
public struct HTTPReceive: Sendable {
    let call: HTTPCall

    /// Returns the next event, waiting for it if necessary.
    ///
    /// Once the client has disconnected or the response is complete, every call returns `disconnect`. Throws
    /// `HostRefusal` if another call is pending. Throws `CancellationError` as soon as the task is cancelled; the next
    /// call then gets the event.
    public func callAsFunction() async throws -> HTTPReceiveEvent {
        let received = try await self.call.receive()
        guard received.type == ASGI_HTTP_REQUEST else { return .disconnect }
        return .request(body: received.body, more: received.hasMore)
    }

    /// The body, as an asynchronous sequence of its parts.
    public var body: RequestBody { RequestBody(call: self.call) }
}
