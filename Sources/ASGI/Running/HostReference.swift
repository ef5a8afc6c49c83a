import CASGI

/// The host's functions, from a scope. Valid for the life of the process. Thread-safe.
// SAFETY: the host's table is constant, and its functions are thread-safe.
struct HostReference: @unchecked Sendable {
    let pointer: UnsafePointer<asgi_host>

    init(_ pointer: UnsafePointer<asgi_host>) { self.pointer = pointer }

    func log(_ id: asgi_id, _ level: LogLevel, _ message: String) {
        message.withString { message in
            withUnsafePointer(to: message) { _ = self.pointer.pointee.log(id, level.value, $0) }
        }
    }

    func setting(_ id: asgi_id, _ key: String) -> String? {
        key.withString { key in
            withUnsafePointer(to: key) { self.pointer.pointee.setting(id, $0) }.map { String($0.pointee) }
        }
    }

    func `extension`<Table>(_ id: asgi_id, _ name: String, as type: Table.Type) -> UnsafePointer<Table>? {
        name.withString { name in
            withUnsafePointer(to: name) { self.pointer.pointee.extension(id, $0) }?.assumingMemoryBound(to: Table.self)
        }
    }
}

extension String {
    /// Decodes a string of the ABI. Invalid UTF-8 is replaced.
    init(_ string: asgi_string) { self.init(decoding: UnsafeRawBufferPointer(string), as: UTF8.self) }

    /// Calls `body` with the bytes as a string of the ABI, which is valid during the call.
    func withString<Result>(_ body: (asgi_string) throws -> Result) rethrows -> Result {
        var text = self
        return try text.withUTF8 { try body(asgi_string(UnsafeRawBufferPointer($0))) }
    }
}

extension UnsafeRawBufferPointer {
    init(_ string: asgi_string) { self.init(start: string.data, count: string.data == nil ? 0 : string.size) }
}

extension asgi_string {
    init(_ bytes: UnsafeRawBufferPointer) {
        self.init(data: bytes.baseAddress?.assumingMemoryBound(to: CChar.self), size: bytes.count)
    }
}
