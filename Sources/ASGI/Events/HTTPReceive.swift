import CASGI

/// The request's `receive`. One at a time.
///
/// ```swift
/// let note = try await receive.body.text(upTo: 64 * 1024)
/// ```
public struct HTTPReceive: Sendable {
    let call: HTTPCall

    /// The next event, as soon as there is one. When the client has left, and when the response is complete, it is
    /// `disconnect`, as often as asked. Throws `HostRefusal` for a second receive at the same time, and `CancellationError`
    /// as soon as the task is cancelled; the event that comes then is the next receive's.
    public func callAsFunction() async throws -> HTTPReceiveEvent {
        let received = try await self.call.receive()
        guard received.type == ASGI_HTTP_REQUEST else { return .disconnect }
        return .request(body: received.body, more: received.hasMore)
    }

    /// The body, part by part.
    public var body: RequestBody { RequestBody(call: self.call) }
}
