import CASGI

/// The ASGI name of an event, for the log.
struct EventName: CustomStringConvertible {
    private let type: UInt32

    init(_ type: UInt32) { self.type = type }

    /// Whether this is an event that applications send, with only the flags that its type allows. Does not check
    /// whether the event is allowed now.
    static func isSent(_ event: UnsafePointer<asgi_event>) -> Bool {
        let flags = asgi_event_flags(event)
        return switch event.pointee.type {
        case ASGI_HTTP_RESPONSE, ASGI_HTTP_RESPONSE_EARLY_HINT, ASGI_WEBSOCKET_ACCEPT, ASGI_WEBSOCKET_CLOSE,
            ASGI_WEBSOCKET_HTTP_RESPONSE_START:
            flags == 0
        case ASGI_HTTP_RESPONSE_PATHSEND: flags & ~ASGI_CONDITIONAL == 0
        case ASGI_HTTP_RESPONSE_START: flags & ~ASGI_TRAILERS == 0
        case ASGI_WEBSOCKET_SEND: flags & ~ASGI_TEXT == 0
        case ASGI_HTTP_RESPONSE_ZEROCOPYSEND: flags & ~ASGI_MORE == 0 || flags == ASGI_CONDITIONAL
        case ASGI_HTTP_RESPONSE_BODY, ASGI_HTTP_RESPONSE_TRAILERS, ASGI_WEBSOCKET_HTTP_RESPONSE_BODY:
            flags & ~ASGI_MORE == 0
        case ASGI_LIFESPAN_STARTUP_COMPLETE...ASGI_LIFESPAN_SHUTDOWN_FAILED: flags == 0
        default: false
        }
    }

    var description: String {
        switch self.type {
        case ASGI_HTTP_REQUEST: "http.request"
        case ASGI_HTTP_DISCONNECT: "http.disconnect"
        case ASGI_HTTP_RESPONSE: "http.response"
        case ASGI_HTTP_RESPONSE_START: "http.response.start"
        case ASGI_HTTP_RESPONSE_BODY: "http.response.body"
        case ASGI_HTTP_RESPONSE_EARLY_HINT: "http.response.early_hint"
        case ASGI_HTTP_RESPONSE_TRAILERS: "http.response.trailers"
        case ASGI_HTTP_RESPONSE_PATHSEND: "http.response.pathsend"
        case ASGI_HTTP_RESPONSE_ZEROCOPYSEND: "http.response.zerocopysend"
        case ASGI_WEBSOCKET_ACCEPT: "websocket.accept"
        case ASGI_WEBSOCKET_SEND: "websocket.send"
        case ASGI_WEBSOCKET_CLOSE: "websocket.close"
        case ASGI_WEBSOCKET_HTTP_RESPONSE_START: "websocket.http.response.start"
        case ASGI_WEBSOCKET_HTTP_RESPONSE_BODY: "websocket.http.response.body"
        case ASGI_LIFESPAN_STARTUP: "lifespan.startup"
        case ASGI_LIFESPAN_SHUTDOWN: "lifespan.shutdown"
        case ASGI_LIFESPAN_STARTUP_COMPLETE: "lifespan.startup.complete"
        case ASGI_LIFESPAN_STARTUP_FAILED: "lifespan.startup.failed"
        case ASGI_LIFESPAN_SHUTDOWN_COMPLETE: "lifespan.shutdown.complete"
        case ASGI_LIFESPAN_SHUTDOWN_FAILED: "lifespan.shutdown.failed"
        default: "event 0x\(String(self.type, radix: 16))"
        }
    }
}
