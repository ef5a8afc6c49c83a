import CASGI
import NIOConcurrencyHelpers
package import RoostModules
import RoostSystem

/// The modules that are a part of this program: mounted by their functions, without a file. Thread-safe.
///
/// A copy of a library that the program has loaded would be a second image, with data of its own.
package enum ProvidedModules {
    // SAFETY: addresses of code that is never unmapped.
    package struct Functions: @unchecked Sendable {
        package let application: Generation.Application
        /// The module's `asgi_module_info`; nil if it has none.
        package let info: UnsafeMutableRawPointer?

        package init(application: @escaping Generation.Application, info: UnsafeMutableRawPointer?) {
            self.application = application
            self.info = info
        }

        /// Throws `HostError` if the description is invalid.
        package func describe() throws -> ModuleDescription { try ModuleDescription(of: self.info) }
    }

    private static let all = NIOLockedValueBox<[String: Functions]>([:])

    /// Makes a module known as `builtin:NAME`. Throws `HostError` if the name is taken.
    package static func provide(_ name: String, _ functions: Functions) throws {
        let isNew = self.all.withLockedValue { all in
            guard all[name] == nil else { return false }
            all[name] = functions
            return true
        }
        guard isNew else { throw HostError(code: .usage, message: "the module \(name) was provided before") }
    }

    /// Throws `HostError` if this program does not provide the module.
    package static func functions(of name: String) throws -> Functions {
        let (found, names) = self.all.withLockedValue { ($0[name], Set($0.keys)) }
        if let found { return found }
        let near = NearestName.to(name, among: names).map { "; did you mean builtin:\($0)?" }.first ?? ""
        throw HostError(code: .usage, message: "this program provides no module '\(name)'\(near)")
    }
}
