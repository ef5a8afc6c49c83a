/// Memory for a growing struct of `asgi.h`.
///
/// Such a struct is only used through its pointer, never as a value. Swift has one layout per name of an imported
/// struct in a process, and a module may have brought another version of the header.
extension UnsafeMutablePointer {
    /// Allocates `bytes` zero bytes, the size of the struct in C. The caller owns the memory.
    package static func zeroed(bytes: Int) -> UnsafeMutablePointer {
        UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 16)
            .initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
            .withMemoryRebound(to: Pointee.self, capacity: 1) { $0 }
    }
}
