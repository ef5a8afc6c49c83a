import CLinux

/// An object that this process has loaded: the program, or a library.
package struct LoadedObject: Sendable, Equatable {
    /// "": the program.
    package let path: String
    package let soname: String?
    /// What it needs, by name (DT_NEEDED).
    package private(set) var needed: [String] = []

    package init(path: String, soname: String?, needed: [String] = []) {
        self.path = path
        self.soname = soname
        self.needed = needed
    }

    /// Whether the loader takes it for the library that another object calls so, without a look at any file (dlopen(3), ld.so(8)).
    package func isKnown(as name: String) -> Bool {
        !self.path.isEmpty && (self.soname == name || self.path.hasSuffix("/\(name)") || self.path == name)
    }

    /// In the loader's order, but for the first `skip`.
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

    /// How many are loaded, and how many were unloaded so far.
    package struct Counts: Equatable, Sendable {
        package private(set) var loaded = 0
        package private(set) var unloaded: UInt64 = 0

        /// As they are now.
        package init() { roost_object_counts(&self.loaded, &self.unloaded) }
    }

    /// What was loaded since; none are told apart when others were unloaded meanwhile.
    package static func all(since before: Counts) -> [LoadedObject] {
        Counts().unloaded == before.unloaded ? self.all(behind: before.loaded) : []
    }
}
