import CASGI
import CJSON
import CViews
import HTTPServer
import NIOConcurrencyHelpers

/// What a request's view needs beyond its arguments, made when it is first asked for: what was decoded, what waits for the reply. [any]
///
/// Lives as long as the scope. One thread at a time works with a request; the lock is for who does not keep to that.
// SAFETY: `contents` is accessed under `lock` only.
final class ViewDetails: @unchecked Sendable {
    private let lock = NIOLock()
    private var contents = Contents()

    struct Contents: ~Copyable {
        var arena = Arena()
        /// Of each source, once they were asked for.
        var query: DecodedFields?
        var form: DecodedFields?
        var cookies: DecodedFields?
        var parts: (start: UnsafePointer<asgi_part>?, count: Int)?
        /// What is added to the reply; its texts are in the arena.
        var headers: [asgi_header] = []
        var collection = Collection.notBegun
        var body: CollectedBody? { if case .collected(let body) = self.collection { body } else { nil } }
        /// Of the body; nil: it was not read yet.
        var json: UnsafePointer<asgi_json>?

        deinit {
            roost_json_functions().pointee.release(self.json)
            self.body?.memory?.deallocate()
        }
    }

    /// How far the body is, which can be received once.
    enum Collection {
        case notBegun
        case underWay
        /// Its memory is the scope's.
        case collected(CollectedBody)
        /// With this, whoever asks again.
        case failed(asgi_result)
    }

    func withContents<Result>(_ body: (inout Contents) throws -> Result) rethrows -> Result {
        try self.lock.withLock { try body(&self.contents) }
    }
}

/// A body that was collected.
struct CollectedBody {
    let octets: Octets
    /// Where it is; nil: it is empty.
    let memory: UnsafeMutableRawPointer?
}
