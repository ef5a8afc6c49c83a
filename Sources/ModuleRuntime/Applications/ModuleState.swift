import CASGI
import HTTPServer

/// `asgi.state/1` of a module: saves and restores the state of its applications. The module owns the table, which lives
/// as long as the process.
// SAFETY: functions of a library that is never unmapped; they are called on the application's home only.
struct ModuleState: @unchecked Sendable {
    private let table: UnsafePointer<asgi_state>

    /// `address`: that of the function `asgi_module_info`. Returns nil if the module does not offer the extension.
    init?(of address: UnsafeMutableRawPointer?) {
        guard let address else { return nil }
        let info = unsafeBitCast(address, to: (@convention(c) () -> UnsafePointer<asgi_module>?).self)
        guard let given = info(), let offer = asgi_module_offer(given, "asgi.state/1") else { return nil }
        let table = offer.assumingMemoryBound(to: asgi_state.self)
        guard asgi_state_is_whole(table) != 0 else { return nil }
        self.table = table
    }

    /// Whether the WebSockets of a generation are closed at once when a new generation replaces it.
    var closesWebSocketsOnReload: Bool { self.table.pointee.flags & ASGI_STATE_RECONNECT != 0 }

    /// Saves the state, `most` bytes at most. On the application's home. Returns nil if there is nothing to save.
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

    /// Restores a saved state. On the application's home.
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

/// Why the state of an application was not transferred.
package struct StateFault: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
