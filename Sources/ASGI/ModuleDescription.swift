import CASGI
import Synchronization

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
// SAFETY: the memory is written in `init` only, and is constant for the life of the process.
public struct ModuleDescription: @unchecked Sendable {
    /// For `asgi_module_info`. Never freed.
    public let pointer: CModule

    /// The same of an application with a table of URLs, which the host checks when it loads the module.
    public init<App: URLApplication>(
        name: String, version: String = "", settings: String = "", urls application: App.Type
    ) {
        self.init(name: name, version: version, settings: settings)
        let module = UnsafeMutablePointer(mutating: self.pointer)
        offeredURLs.withLock { $0 = OfferedURLs(App.self) }
        module.pointee.extension = { name in
            guard let name, String(name.pointee) == "asgi.urls/1" else { return nil }
            return offeredURLs.withLock { $0.map { UnsafeRawPointer($0.table) } }
        }
    }

    /// Makes it, for the life of the process.
    public init(name: String, version: String = "", settings: String = "") {
        let module = UnsafeMutableRawPointer.allocate(byteCount: asgi_module_size(), alignment: 16)
            .initializeMemory(as: UInt8.self, repeating: 0, count: asgi_module_size())
            .withMemoryRebound(to: asgi_module.self, capacity: 1) { $0 }
        module.pointee.size = UInt32(asgi_module_size())
        module.pointee.abi = UInt32(ASGI_ABI)
        module.pointee.draft = UInt32(ASGI_DRAFT)
        module.pointee.name = asgi_string.lasting(name)
        module.pointee.version = asgi_string.lasting(version)
        module.pointee.settings = asgi_string.lasting(settings)
        self.pointer = CModule(module)
    }
}
