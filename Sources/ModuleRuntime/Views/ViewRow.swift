import CASGI
import CViews

/// A row of a table, ready to be called. Made once, for the life of the process. Immutable, and thread-safe.
struct ViewRow {
    /// The row in the module's table.
    let url: UnsafePointer<asgi_url>
    let view: asgi_view
    /// The signature of the view; nil for a view that takes its arguments as an array (`ASGI_URL_PLAIN`).
    let signature: OpaquePointer?
    let context: UnsafeMutableRawPointer?
    /// The number of arguments.
    let count: UInt32
    /// What the view needs besides its path; nil if nothing. Lives as long as the process.
    let wants: Unmanaged<ViewWants>?

    @inline(__always)
    func call(_ request: UnsafeMutablePointer<asgi_request>, _ arguments: UnsafePointer<asgi_argument>) -> asgi_result {
        guard let signature else { return roost_plain_view_call(self.view, request, arguments, Int(self.count)) }
        return roost_view_call(signature, self.view, request, arguments)
    }
}

/// What a view needs besides its path: fields of the query, the body, and fields of the body.
final class ViewWants: Sendable {
    let query: [URLPattern.Field]
    let body: URLPattern.Body
    let bodyFields: [URLPattern.Field]
    /// The number of arguments that the path provides.
    let filled: Int

    init?(_ pattern: URLPattern) {
        guard !pattern.query.isEmpty || pattern.body != .unread else { return nil }
        self.query = pattern.query
        self.body = pattern.body
        self.bodyFields = pattern.bodyFields
        self.filled = pattern.names.count
    }
}
