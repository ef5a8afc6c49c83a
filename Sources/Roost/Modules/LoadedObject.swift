import CLinux

/// An object that this process has loaded: the program, or a library.
struct LoadedObject: Sendable, Equatable {
    /// "": the program.
    let path: String
    let soname: String?
    /// What it needs, by name (DT_NEEDED).
    private(set) var needed: [String] = []

    init(path: String, soname: String?, needed: [String] = []) {
        self.path = path
        self.soname = soname
        self.needed = needed
    }

    /// Whether the loader takes it for the library that another object calls so, without a look at any file (dlopen(3), ld.so(8)).
    func isKnown(as name: String) -> Bool {
        !self.path.isEmpty && (self.soname == name || self.path.hasSuffix("/\(name)") || self.path == name)
    }

    /// In the loader's order, but for the first `skip`.
    static func all(behind skip: Int = 0) -> [LoadedObject] {
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
    struct Counts: Equatable, Sendable {
        private(set) var loaded = 0
        private(set) var unloaded: UInt64 = 0

        /// As they are now.
        init() { roost_object_counts(&self.loaded, &self.unloaded) }
    }

    /// What was loaded since; none are told apart when others were unloaded meanwhile.
    static func all(since before: Counts) -> [LoadedObject] {
        Counts().unloaded == before.unloaded ? self.all(behind: before.loaded) : []
    }
}
