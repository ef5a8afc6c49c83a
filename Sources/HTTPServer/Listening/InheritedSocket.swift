import Glibc

/// A socket that another process has bound, as the kernel describes it.
enum InheritedSocket {
    /// Returns the address of a stream socket. Throws `ListenerError` for any other descriptor.
    static func address(of descriptor: CInt) throws -> BindAddress {
        let wanted = BindAddress.descriptor(descriptor)
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let failed = withUnsafeMutablePointer(to: &storage) { storage in
            storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) } != 0
        }
        guard !failed else { throw ListenerError(errno, wanted) }
        var kind: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &kind, &length) == 0, kind == CInt(SOCK_STREAM.rawValue)
        else {
            throw ListenerError(code: .notListening, address: wanted, cause: "it is not a stream socket")
        }
        return withUnsafePointer(to: &storage) { storage in
            switch CInt(storage.pointee.ss_family) {
            case AF_UNIX: .unix(path: Self.path(UnsafeRawPointer(storage), Int(size)))
            default: .tcp(host: Self.host(UnsafeRawPointer(storage), size), port: Self.port(UnsafeRawPointer(storage)))
            }
        }
    }

    /// The port has the same offset in the addresses of both families.
    private static func port(_ address: UnsafeRawPointer) -> Int {
        Int(UInt16(bigEndian: address.load(fromByteOffset: 2, as: UInt16.self)))
    }

    private static func host(_ address: UnsafeRawPointer, _ size: socklen_t) -> String {
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        getnameinfo(
            address.assumingMemoryBound(to: sockaddr.self), size, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
        return text.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }

    /// The path of a Unix socket. The NUL at the start of an abstract name is replaced by `@`.
    private static func path(_ address: UnsafeRawPointer, _ size: Int) -> String {
        let bytes = UnsafeRawBufferPointer(start: address + 2, count: max(size - 2, 0))
        guard let first = bytes.first else { return "" }
        guard first != 0 else { return "@" + String(decoding: bytes.dropFirst(), as: UTF8.self) }
        return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}
