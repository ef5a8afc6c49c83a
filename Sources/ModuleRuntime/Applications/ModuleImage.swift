import CASGI
import CLinux
import CWorker
import Glibc
package import RoostModules
import RoostSystem

/// A module that is mapped into this process. Never unmapped: its code may be on any stack, and any runtime may have
/// registered its names.
// SAFETY: pointers to code and constants of a library that is never unmapped.
package struct ModuleImage: @unchecked Sendable {
    package let application: Generation.Application
    package let description: ModuleDescription
    /// The functions that save and restore the state of its applications; nil if it has none.
    let memory: ModuleState?
    /// Its typed views; nil if it has none.
    let urls: URLTable?
    /// What is wrong with its views; nil if nothing is.
    private let urlFault: URLFault?

    /// Loads the file and asks it for its description. `libraries`: the libraries beside it. Throws `HostError`. Runs
    /// the module's constructors.
    package init(path: String, symbol: String, libraries: [PrivateLibrary] = []) throws {
        try LoadedNames.check(path, libraries)
        let before = LoadedObject.Counts()
        guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | CInt(RTLD_NODELETE)) else {
            throw HostError(code: .module, message: "cannot be loaded: \(String(cString: dlerror()))")
        }
        try LoadedNames.note(path, libraries, since: before)
        guard let address = Self.symbol(symbol, of: handle) else {
            throw HostError(code: .module, message: "does not define the symbol '\(symbol)'")
        }
        try self.init(
            unsafeBitCast(address, to: Generation.Application.self), Self.symbol("asgi_module_info", of: handle))
    }

    /// A module that the program itself provides. Throws `HostError`.
    package init(provided name: String) throws {
        let functions = try ProvidedModules.functions(of: name)
        try self.init(functions.application, functions.info)
    }

    private init(_ application: @escaping Generation.Application, _ given: UnsafeMutableRawPointer?) throws {
        self.application = application
        self.description = try ModuleDescription(of: given)
        // Under another contract the meaning of its extensions is unknown.
        let info = self.description.fault == nil ? given : nil
        self.memory = ModuleState(of: info)
        do {
            (self.urls, self.urlFault) = (try URLTable(of: info), nil)
        } catch { (self.urls, self.urlFault) = (nil, error) }
    }

    /// The address of a symbol that the module defines itself: dlsym(3) would also find symbols of its dependencies.
    private static func symbol(_ name: String, of handle: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        roost_own_symbol(handle, name)
    }

    /// Why this host cannot serve the module, with `threads` loops if that is known; nil if it can.
    package func fault(threads: Int? = nil) -> String? {
        let fault = threads.map { self.description.fault(threads: $0) } ?? self.description.fault
        return fault ?? self.urlFault.map { "its URLs: \($0)" }
    }

    /// Attributes crashes in the module's code to the application with this number.
    package func name(as application: UInt32) {
        roost_name_image(unsafeBitCast(self.application, to: UnsafeRawPointer.self), application)
    }
}
