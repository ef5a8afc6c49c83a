package import CASGI

/// The name of a result's constant, for the log.
package struct ResultName: CustomStringConvertible {
    private let result: asgi_result

    package init(_ result: asgi_result) { self.result = result }

    package var description: String {
        switch self.result {
        case ASGI_DONE: "ASGI_DONE"
        case ASGI_PENDING: "ASGI_PENDING"
        case ASGI_STALE: "ASGI_STALE"
        case ASGI_GONE: "ASGI_GONE"
        case ASGI_CANCELLED: "ASGI_CANCELLED"
        case ASGI_INVALID: "ASGI_INVALID"
        case ASGI_UNSUPPORTED: "ASGI_UNSUPPORTED"
        case ASGI_BUSY: "ASGI_BUSY"
        case ASGI_FULL: "ASGI_FULL"
        case ASGI_WOULD_BLOCK: "ASGI_WOULD_BLOCK"
        case ASGI_FAILED: "ASGI_FAILED"
        default: "\(self.result)"
        }
    }
}
