import CASGI

/// What a receive was answered: the fields of the event that Swift looks at. The bytes are the host's, until the next
/// receive.
struct Received: @unchecked Sendable {
    let result: asgi_result
    let type: UInt32
    let hasMore: Bool
    let body: asgi_string

    init(_ result: asgi_result, _ event: UnsafePointer<asgi_event>?) {
        self.result = result
        self.type = event?.pointee.type ?? 0
        self.hasMore = (event?.pointee.flags ?? 0) & ASGI_MORE != 0
        self.body = event?.pointee.body ?? asgi_string(data: nil, size: 0)
    }
}
