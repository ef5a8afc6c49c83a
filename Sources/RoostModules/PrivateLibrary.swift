package import RoostSystem

/// A library that a module brings with it and finds by `$ORIGIN`: a copy stands beside the module's copy, so that writing the original in place
/// does not change code that runs.
package struct PrivateLibrary: Sendable {
    /// The original, without symbolic links.
    package let path: String
    /// The original's state before it was copied.
    package let mark: FileMark?
    package let copy: String
    /// Names the bytes.
    package let hash: String
    /// The names under which the loader knows it: its SONAME, and what those that need it call it.
    package var names: Set<String>

    /// Whether the original is another by now.
    package var isOutdated: Bool { FileMark(of: self.path) != self.mark }
}

extension PrivateLibrary: Equatable {
    /// The same bytes of the same file; each generation has a copy of its own.
    package static func == (one: PrivateLibrary, other: PrivateLibrary) -> Bool {
        one.path == other.path && one.hash == other.hash && one.names == other.names
    }
}

extension [PrivateLibrary] {
    /// As fields of a message to the process that loads the module.
    package var texts: [String: String] {
        var texts: [String: String] = [:]
        for (at, library) in self.enumerated() {
            texts["library.\(at).path"] = library.path
            texts["library.\(at).copy"] = library.copy
            texts["library.\(at).hash"] = library.hash
            // No such name has a slash: with one it would be a path.
            texts["library.\(at).names"] = library.names.sorted().joined(separator: "/")
        }
        return texts
    }

    /// `given`: the field of this name.
    package init(_ given: (String) -> String?) {
        self = []
        while let path = given("library.\(self.count).path"), let copy = given("library.\(self.count).copy"),
            let hash = given("library.\(self.count).hash"), let names = given("library.\(self.count).names")
        {
            let known = Set(names.split(separator: "/").map(String.init))
            self.append(PrivateLibrary(path: path, mark: nil, copy: copy, hash: hash, names: known))
        }
    }
}
