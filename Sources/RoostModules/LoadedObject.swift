import CLinux

/// An object that this process has loaded: the program, or a library.
package struct LoadedObject: Sendable, Equatable {
    /// Empty for the program.
    package let path: String
    package let soname: String?
    /// The names of the libraries that it needs (DT_NEEDED).
    package private(set) var needed: [String] = []

    package init(path: String, soname: String?, needed: [String] = []) {
        self.path = path
        self.soname = soname
        self.needed = needed
    }

    /// Whether the loader uses this object for a library of this name, without searching for a file (dlopen(3),
    /// ld.so(8)).
    package func isKnown(as name: String) -> Bool {
        !self.path.isEmpty && (self.soname == name || self.path.hasSuffix("/\(name)") || self.path == name)
    }

    /// Returns the loaded objects in the loader's order, without the first `skip`.
    package static func all(behind skip: Int = 0) -> [LoadedObject] {
        var all: [LoadedObject] = []
        withUnsafeMutablePointer(to: &all) { all in
            roost_loaded_objects(
                skip,
                { context, path, soname in
                    context!.assumingMemoryBound(to: [LoadedObject].self).pointee.append(
                        LoadedObject(path: String(cString: path!), soname: soname.map { String(cString: $0) }))
                },
                { context, name in
                    let all = context!.assumingMemoryBound(to: [LoadedObject].self)
                    all.pointee[all.pointee.count - 1].needed.append(String(cString: name!))
                }, all)
        }
        return all
    }

    /// The numbers of objects that are loaded now, and that were unloaded so far.
    package struct Counts: Equatable, Sendable {
        package private(set) var loaded = 0
        package private(set) var unloaded: UInt64 = 0

        /// Reads the current counts.
        package init() { roost_object_counts(&self.loaded, &self.unloaded) }
    }

    /// Returns the objects loaded since `before`. Empty if any were unloaded meanwhile: the new ones cannot be told
    /// apart then.
    package static func all(since before: Counts) -> [LoadedObject] {
        Counts().unloaded == before.unloaded ? self.all(behind: before.loaded) : []
    }
}
