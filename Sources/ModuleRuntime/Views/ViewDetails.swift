import CASGI
import CJSON
import CViews
import HTTPServer
import NIOConcurrencyHelpers

/// The data of a request's view besides its arguments: decoded fields, the body, and headers for the reply. Allocated
/// when first needed. Thread-safe.
///
/// Lives as long as the scope. Only one thread at a time should use a request; the lock protects against modules that
/// break this rule.
// SAFETY: `contents` is accessed under `lock` only.
final class ViewDetails: @unchecked Sendable {
    private let lock = NIOLock()
    private var contents = Contents()

    struct Contents: ~Copyable {
        var arena = Arena()
        /// The fields of each source, once they were requested.
        var query: DecodedFields?
        var form: DecodedFields?
        var cookies: DecodedFields?
        var parts: (start: UnsafePointer<asgi_part>?, count: Int)?
        /// The headers that are added to the reply; their bytes are in the arena.
        var headers: [asgi_header] = []
        var collection = Collection.notBegun
        var body: CollectedBody? { if case .collected(let body) = self.collection { body } else { nil } }
        /// The parsed body; nil if it was not parsed yet.
        var json: UnsafePointer<asgi_json>?

        deinit {
            roost_json_functions().pointee.release(self.json)
            self.body?.memory?.deallocate()
        }
    }

    /// The state of the body, which can be received only once.
    enum Collection {
        case notBegun
        case underWay
        /// The scope owns the memory of the body.
        case collected(CollectedBody)
        /// Every later call gets the same result.
        case failed(asgi_result)
    }

    func withContents<Result>(_ body: (inout Contents) throws -> Result) rethrows -> Result {
        try self.lock.withLock { try body(&self.contents) }
    }
}

/// A body that was collected.
struct CollectedBody {
    let octets: Octets
    /// The memory of the body; nil if the body is empty.
    let memory: UnsafeMutableRawPointer?
}
