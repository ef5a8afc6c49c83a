import CASGI

/// A copy of the result of a receive. The bytes of the ABI's event are valid until the next receive or the end of the
/// scope; a task on another thread may read them later than that.
struct Received: Sendable {
    let result: asgi_result
    let type: UInt32
    let hasMore: Bool
    /// Whether a WebSocket message is text.
    let isText: Bool
    /// The WebSocket close code.
    let code: Int
    let reason: String
    let body: [UInt8]

    /// Copies the event. Called on the loop, while the event is valid.
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
