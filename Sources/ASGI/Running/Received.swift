import CASGI

/// What a receive was answered, copied: the bytes of the ABI's event are the host's, and gone with the next receive or the end
/// of the scope, which a task on another thread may come after.
struct Received: Sendable {
    let result: asgi_result
    let type: UInt32
    let hasMore: Bool
    /// Of a WebSocket's message.
    let isText: Bool
    /// Of a WebSocket's end.
    let code: Int
    let reason: String
    let body: [UInt8]

    /// [loop] While the event is valid.
    init(_ result: asgi_result, _ event: UnsafePointer<asgi_event>?) {
        self.result = result
        guard result == ASGI_DONE, let event else {
            self.type = 0
            self.hasMore = false
            self.isText = false
            self.code = 0
            self.reason = ""
            self.body = []
            return
        }
        self.type = event.pointee.type
        self.hasMore = event.pointee.flags & ASGI_MORE != 0
        self.isText = event.pointee.flags & ASGI_TEXT != 0
        self.code = Int(event.pointee.code)
        self.reason = event.pointee.text.size > 0 ? String(event.pointee.text) : ""
        self.body = Array(UnsafeRawBufferPointer(event.pointee.body))
    }
}
