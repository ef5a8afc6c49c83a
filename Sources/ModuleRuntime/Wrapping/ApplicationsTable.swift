import CASGI
import HTTPServer

/// The functions of `asgi.applications/1`. All are thread-safe.
enum ApplicationsTable {
    /// The table. Lives as long as the process.
    // SAFETY: the table is constant once made.
    nonisolated(unsafe) static let pointer: UnsafePointer<asgi_applications> = {
        let table = UnsafeMutablePointer<asgi_applications>.zeroed(bytes: asgi_applications_size())
        table.pointee.size = UInt32(asgi_applications_size())
        table.pointee.call = nextCall
        return UnsafePointer(table)
    }()
}

private func nextCall(_ id: asgi_id, _ call: UnsafePointer<asgi_call>?) -> asgi_result {
    let copy: NextCall
    do { copy = try NextCall(call) } catch { return refuse(id, "applications->call", "\(error.reason)") }
    switch route(id) {
    case .stale: return ASGI_STALE
    case .lifespan: return ASGI_UNSUPPORTED
    case .here(let scope):
        guard let mailbox = scope.slot.pointee.home.mailbox else { return ASGI_STALE }
        let result = scope.passOn()
        guard result != ASGI_INVALID else {
            return refuse(id, "applications->call", "it was called before, or a response was begun")
        }
        guard result == ASGI_PENDING else { return result }
        // Queued like a call of another thread: the next application is not called while a host function is on the stack.
        guard enqueueCall(mailbox, scope.slot, id, .next(copy, isPassedOn: true)) else {
            // Another thread has just ended the scope, which then answers in place of the next application.
            scope.wrapper?.takeBack()
            return ASGI_STALE
        }
        return ASGI_PENDING
    case .mailbox(let mailbox, let slot):
        return enqueueCall(mailbox, slot, id, .next(copy, isPassedOn: false)) ? ASGI_PENDING : ASGI_STALE
    }
}
