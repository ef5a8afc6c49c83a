/// The libraries and modules of one process, by the names that the loader knows. A value without I/O.
///
/// The loader uses the library that it has loaded under a name for every library of that name, whatever its contents.
package struct PrivateNames {
    /// Two files with the same name and different contents.
    package struct Conflict: Equatable, CustomStringConvertible {
        package let name: String
        /// The path of the library, or "the module".
        package let path: String
        package let other: String
        /// The application that the other file belongs to.
        package let owner: String

        package var description: String {
            "\(self.path) has the name \(self.name) of \(self.other) ('\(self.owner)') and different contents;"
                + " a process loads only one library of a name"
        }
    }

    private struct Owned {
        let hash: String
        let path: String
        let owner: String
    }

    /// Private libraries of the applications, by name.
    private var libraries: [String: Owned] = [:]
    /// Modules by SONAME. Several may have the same SONAME, since each is loaded by its path.
    private var modules: [String: [Owned]] = [:]

    package init() {}

    /// Returns a conflict between a module and those that were added; nil if there is none.
    package func conflict(of staged: StagedModule, _ hash: String) -> Conflict? {
        for library in staged.libraries {
            for name in library.names.sorted() {
                let others = (self.libraries[name].map { [$0] } ?? []) + (self.modules[name] ?? [])
                guard let other = others.first(where: { $0.hash != library.hash }) else { continue }
                return Conflict(name: name, path: library.path, other: other.path, owner: other.owner)
            }
        }
        guard let soname = staged.soname, let other = self.libraries[soname], other.hash != hash else { return nil }
        return Conflict(name: soname, path: "the module", other: other.path, owner: other.owner)
    }

    package mutating func add(_ staged: StagedModule, hash: String, path: String, owner: String) {
        for library in staged.libraries {
            let owned = Owned(hash: library.hash, path: library.path, owner: owner)
            for name in library.names where self.libraries[name] == nil { self.libraries[name] = owned }
        }
        guard let soname = staged.soname else { return }
        let owned = Owned(hash: hash, path: path, owner: owner)
        self.modules[soname, default: []].append(owned)
    }
}
