import CASGI
import HTTPServer

/// `asgi.state/1` of a module: how what an application remembers is asked for, and given back. The module's, for the life of the process.
// SAFETY: functions of a library that is never unmapped; they are called on the application's home only.
struct ModuleState: @unchecked Sendable {
    private let table: UnsafePointer<asgi_state>

    /// Of the description at `asgi_module_info`'s address; nil: it offers none.
    init?(of address: UnsafeMutableRawPointer?) {
        guard let address else { return nil }
        let info = unsafeBitCast(address, to: (@convention(c) () -> UnsafePointer<asgi_module>?).self)
        guard let given = info(), let offer = asgi_module_offer(given, "asgi.state/1") else { return nil }
        let table = offer.assumingMemoryBound(to: asgi_state.self)
        guard asgi_state_is_whole(table) != 0 else { return nil }
        self.table = table
    }

    /// Whether WebSockets of a generation that makes way are closed at once.
    var asksToReconnect: Bool { self.table.pointee.flags & ASGI_STATE_RECONNECT != 0 }

    /// On the application's home. Nil: there is nothing.
    func save(_ id: asgi_id, _ state: UnsafeMutableRawPointer?, most: Int) throws -> SavedState? {
        try withUnsafeTemporaryAllocation(byteCount: asgi_saved_size(), alignment: 16) { room in
            room.initializeMemory(as: UInt8.self, repeating: 0)
            let saved = room.baseAddress!.assumingMemoryBound(to: asgi_saved.self)
            saved.pointee.size = UInt32(asgi_saved_size())
            let result = self.table.pointee.save(id, state, saved)
            guard result == ASGI_DONE else {
                guard result != ASGI_UNSUPPORTED else { return nil }
                throw StateFault("save returned \(ResultName(result))")
            }
            defer { saved.pointee.release?(saved.pointee.release_context) }
            let bytes = Octets(saved.pointee.bytes)
            guard bytes.size <= most else {
                throw StateFault("save returned \(bytes.size) bytes, above the limit of \(most) (--limit-state)")
            }
            return SavedState(
                version: saved.pointee.version, format: Octets(saved.pointee.format).text, bytes: Array(bytes.bytes))
        }
    }

    /// On the application's home.
    func restore(_ given: SavedState, _ id: asgi_id, _ state: UnsafeMutableRawPointer?) throws {
        let result = given.bytes.withUnsafeBytes { bytes in
            Array(given.format.utf8).withUnsafeBytes { format in
                withUnsafeTemporaryAllocation(byteCount: asgi_saved_size(), alignment: 16) { room in
                    room.initializeMemory(as: UInt8.self, repeating: 0)
                    let saved = room.baseAddress!.assumingMemoryBound(to: asgi_saved.self)
                    saved.pointee.size = UInt32(asgi_saved_size())
                    saved.pointee.version = given.version
                    saved.pointee.format = asgi_string(Octets(format))
                    saved.pointee.bytes = asgi_string(Octets(bytes))
                    return self.table.pointee.restore(id, state, saved)
                }
            }
        }
        guard result == ASGI_DONE else {
            throw StateFault("restore of '\(given.format)', version \(given.version), returned \(ResultName(result))")
        }
    }
}

/// Why what an application remembers is not handed on.
package struct StateFault: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
