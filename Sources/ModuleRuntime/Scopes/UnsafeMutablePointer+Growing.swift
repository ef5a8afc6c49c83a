/// Memory for a growing struct of `asgi.h`.
///
/// Such a struct is never a value here, only reached through its pointer: Swift has one layout of an imported struct in a
/// process, by name, and a module may have brought another version of the header.
extension UnsafeMutablePointer {
    /// All zero, `bytes` long as C says. The caller's.
    package static func zeroed(bytes: Int) -> UnsafeMutablePointer {
        UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 16)
            .initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
            .withMemoryRebound(to: Pointee.self, capacity: 1) { $0 }
    }
}
