import CASGI

/// A WebSocket message: text or bytes.
///
/// ```swift
/// if case .text(let words) = message { try await send(.text(words.uppercased())) }
/// ```
public enum WebSocketMessage: Sendable, Hashable {
    case text(String)
    case bytes([UInt8])

    /// Calls `body` with the event that sends the message. The event is valid during the call.
    // Never inlined: see `ScopeFunctions.receive`.
    @inline(never)
    func withEvent(_ body: (UnsafePointer<asgi_event>) -> asgi_result) -> asgi_result {
        withUnsafeTemporaryAllocation(byteCount: asgi_event_size(), alignment: 16) { room in
            let event = room.baseAddress!.bindMemory(to: asgi_event.self, capacity: 1)
            asgi_event_reset(event, ASGI_WEBSOCKET_SEND)
            switch self {
            case .text(let text):
                event.pointee.flags = ASGI_TEXT
                return text.withString {
                    event.pointee.body = $0
                    return body(event)
                }
            case .bytes(let bytes):
                return bytes.withUnsafeBytes {
                    event.pointee.body = asgi_string($0)
                    return body(event)
                }
            }
        }
    }
}
