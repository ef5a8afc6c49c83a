import NIOConcurrencyHelpers
import RoostSystem

/// Compares the loaded objects with the libraries that a module was copied with: no module may run with another
/// application's library. Thread-safe.
package enum LoadedNames {
    private struct State {
        /// Modules that this process has loaded, by the paths of their copies.
        var modules: Set<String> = []
        /// The owners of a name, as paths of copies. A module owns its SONAME, a private library all its names.
        var owners: [String: Set<String>] = [:]
        /// Modules that were loaded but must not run.
        var refused: [String: HostError] = [:]
    }

    private static let state = NIOLockedValueBox(State())

    /// Returns the object that the loader uses for a library of this name; nil if none is loaded.
    private static func provider(of name: String, _ loaded: [LoadedObject], _ state: State) -> LoadedObject? {
        // A module is loaded by its path: other objects find it by its SONAME only.
        loaded.first { state.modules.contains($0.path) ? $0.soname == name : $0.isKnown(as: name) }
    }

    /// Checks that no library with other contents is loaded under the name of a private library. `but`: a folder whose
    /// libraries are ignored. Throws `HostError`.
    package static func check(_ libraries: [PrivateLibrary], but folder: String? = nil) throws {
        guard !libraries.isEmpty else { return }
        let (state, loaded) = (self.state.withLockedValue { $0 }, LoadedObject.all())
        for library in libraries {
            for name in library.names.sorted() {
                guard let other = self.provider(of: name, loaded, state), other.path != library.copy,
                    folder.map({ !other.path.hasPrefix("\($0)/") }) ?? true
                else { continue }
                let hash = try ContentHash(file: other.path)
                guard "\(hash)" != library.hash else { continue }
                throw HostError(
                    code: .module,
                    message:
                        "its library \(library.path) has the name \(name) of \(other.path), which this process has already loaded,"
                        + " with different contents; the loader would use the loaded one; change the SONAME, or link the library statically"
                )
            }
        }
    }

    /// Checks that a module can be loaded. Throws `HostError`.
    package static func check(_ module: String, _ libraries: [PrivateLibrary]) throws {
        if let refusal = self.state.withLockedValue({ $0.refused[module] }) { throw refusal }
        try self.check(libraries)
    }

    /// Records what was loaded with a module. Throws `HostError` if one of the new objects uses a library or module of
    /// another application, because that has the name of a library that the object needs.
    package static func note(_ module: String, _ libraries: [PrivateLibrary], since before: LoadedObject.Counts) throws
    {
        let new = LoadedObject.all(since: before)
        let own = Set(libraries.map(\.copy) + [module])
        let state = self.state.withLockedValue { state in
            state.modules.insert(module)
            if let soname = new.first(where: { $0.path == module })?.soname {
                state.owners[soname, default: []].insert(module)
            }
            for library in libraries {
                for name in library.names { state.owners[name, default: []].insert(library.copy) }
            }
            return state
        }
        // The contents of private libraries were compared before the load.
        let names = libraries.reduce(into: Set<String>()) { $0.formUnion($1.names) }
        for object in new {
            for name in object.needed where !names.contains(name) {
                guard let owners = state.owners[name], !owners.isSubset(of: own),
                    let provider = self.provider(of: name, LoadedObject.all(), state),
                    owners.subtracting(own).contains(provider.path)
                else { continue }
                let refusal = HostError(
                    code: .module,
                    message:
                        "\(object.path) needs the library \(name), and would get \(provider.path) of another"
                        + " application; give one of them its own worker group (worker: NAME in its entry)")
                // The module stays loaded, and the next attempt would find nothing new: remember the refusal.
                self.state.withLockedValue { $0.refused[module] = refusal }
                throw refusal
            }
        }
    }
}
