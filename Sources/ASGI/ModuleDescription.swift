import CASGI

/// What a module says of itself: its name and version, and the settings module that counts when nobody names another.
///
/// Optional: a module without one is named after its file. It lives as long as the process, so a global constant is its
/// place.
///
/// ```swift
/// let description = ModuleDescription(name: "wiki", version: "1.4.2", settings: "wiki.settings")
///
/// @c public func asgi_module_info() -> CModule { description.pointer }
/// ```
public struct ModuleDescription: @unchecked Sendable {
    /// For `asgi_module_info`. Never freed.
    public let pointer: CModule

    /// Makes it, for the life of the process.
    public init(name: String, version: String = "", settings: String = "") {
        let module = UnsafeMutableRawPointer.allocate(byteCount: asgi_module_size(), alignment: 16)
            .initializeMemory(as: UInt8.self, repeating: 0, count: asgi_module_size())
            .withMemoryRebound(to: asgi_module.self, capacity: 1) { $0 }
        module.pointee.size = UInt32(asgi_module_size())
        module.pointee.abi = UInt32(ASGI_ABI)
        module.pointee.draft = UInt32(ASGI_DRAFT)
        module.pointee.name = Self.lasting(name)
        module.pointee.version = Self.lasting(version)
        module.pointee.settings = Self.lasting(settings)
        self.pointer = CModule(module)
    }

    private static func lasting(_ text: String) -> asgi_string {
        let bytes = UnsafeMutableBufferPointer<CChar>.allocate(capacity: text.utf8.count)
        _ = bytes.initialize(from: text.utf8.lazy.map { CChar(bitPattern: $0) })
        return asgi_string(data: bytes.baseAddress, size: bytes.count)
    }
}
