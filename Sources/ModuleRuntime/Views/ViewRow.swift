import CASGI
import CViews

/// A row of a table as it is called. Made once, for the life of the process. Immutable. [any]
struct ViewRow {
    /// The module's.
    let url: UnsafePointer<asgi_url>
    let view: asgi_view
    /// Nil: it takes its arguments as they are.
    let signature: OpaquePointer?
    let context: UnsafeMutableRawPointer?
    /// How many arguments it gets.
    let count: UInt32
    /// What it wants besides its path; nil: nothing. Lives as long as the process.
    let wants: Unmanaged<ViewWants>?

    @inline(__always)
    func call(_ request: UnsafeMutablePointer<asgi_request>, _ arguments: UnsafePointer<asgi_argument>) -> asgi_result {
        guard let signature else { return roost_plain_view_call(self.view, request, arguments, Int(self.count)) }
        return roost_view_call(signature, self.view, request, arguments)
    }
}

/// What a view wants besides its path: fields of the query, the body, fields of that.
final class ViewWants: Sendable {
    let query: [URLPattern.Field]
    let body: URLPattern.Body
    let bodyFields: [URLPattern.Field]
    /// Arguments that the path gives.
    let filled: Int

    init?(_ pattern: URLPattern) {
        guard !pattern.query.isEmpty || pattern.body != .unread else { return nil }
        self.query = pattern.query
        self.body = pattern.body
        self.bodyFields = pattern.bodyFields
        self.filled = pattern.names.count
    }
}
