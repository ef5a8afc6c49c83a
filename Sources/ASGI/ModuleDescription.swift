import CASGI
import Synchronization

/// The description of a module: its name, its version, and its default settings module.
///
/// Optional: a module without a description is named after its file. Store the description in a global constant: its
/// memory is never freed.
///
/// ```swift
/// let description = ModuleDescription(name: "wiki", version: "1.4.2", settings: "wiki.settings")
///
/// @c public func asgi_module_info() -> CModule { description.pointer }
/// ```
// SAFETY: the memory is written in `init` only, and is constant for the life of the process.
public struct ModuleDescription: @unchecked Sendable {
    /// The result of `asgi_module_info`. Valid for the life of the process.
    public let pointer: CModule

    /// Describes an application with a URL table, which the host checks when it loads the module.
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

    /// Creates a description. `settings`: the settings module to use if the operator names none; empty if there is
    /// none.
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
