import NIOConcurrencyHelpers
import RoostSystem

/// Holds what the loader does against what a module was copied with: no module runs with a library that another has brought. [any]
package enum LoadedNames {
    private struct State {
        /// Modules that this process has loaded, by the paths of their copies.
        var modules: Set<String> = []
        /// Who owns a name: modules by their SONAMEs, private libraries by all their names; the paths of their copies.
        var owners: [String: Set<String>] = [:]
        /// Modules that were loaded, and must not run.
        var refused: [String: HostError] = [:]
    }

    private static let state = NIOLockedValueBox(State())

    /// The object that the loader takes for a library of this name; nil: none is loaded.
    private static func provider(of name: String, _ loaded: [LoadedObject], _ state: State) -> LoadedObject? {
        // A module is loaded by its path: only its SONAME is a name for others.
        loaded.first { state.modules.contains($0.path) ? $0.soname == name : $0.isKnown(as: name) }
    }

    /// Makes sure that nothing is loaded under the name of a private library with other bytes. `but`: a folder whose libraries do not count. Throws
    /// `HostError`.
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

    /// Makes sure that a module can be loaded. Throws `HostError`.
    package static func check(_ module: String, _ libraries: [PrivateLibrary]) throws {
        if let refusal = self.state.withLockedValue({ $0.refused[module] }) { throw refusal }
        try self.check(libraries)
    }

    /// Notes what was loaded with a module. Throws `HostError` when something of it has got a library or a module of another application, since
    /// that has the name of one that it needs.
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
        // Of private libraries it was made sure before that the bytes are the same.
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
                // It stays loaded: the next try would find nothing new.
                self.state.withLockedValue { $0.refused[module] = refusal }
                throw refusal
            }
        }
    }
}
