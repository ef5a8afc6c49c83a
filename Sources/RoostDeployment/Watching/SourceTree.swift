import Glibc
package import RoostSystem

/// The source files below some folders, selected by patterns. Links to folders are followed; each folder is visited
/// once.
package struct SourceTree: Sendable {
    package struct Listing {
        package var files: [String: FileMark] = [:]
        /// All folders that may contain sources.
        package var folders: Set<String> = []
        /// Whether there are more than `most` files and folders; the rest is not watched.
        package var isCut = false

        fileprivate var count: Int { self.files.count + self.folders.count }

        fileprivate func cut() -> Listing {
            var listing = self
            listing.isCut = true
            return listing
        }
    }

    /// Patterns for sources in languages that can build shared libraries, and for files that their builds read.
    static let defaultIncludes = [
        // C, C++, Objective-C, CUDA, assembly.
        "*.c", "*.h", "*.cc", "*.cpp", "*.cxx", "*.c++", "*.hh", "*.hpp", "*.hxx", "*.h++", "*.inc", "*.inl", "*.ipp",
        "*.tpp", "*.txx", "*.tcc", "*.ixx", "*.cppm", "*.ccm", "*.cxxm", "*.c++m", "*.mpp", "*.C", "*.H", "*.m", "*.mm",
        "*.cu", "*.cuh", "*.s", "*.S", "*.asm", "*.def", "*.modulemap",
        // Others.
        "*.rs", "*.zig", "*.swift", "*.go", "*.d", "*.di", "*.nim", "*.nims", "*.f", "*.for", "*.f77", "*.f90", "*.f95",
        "*.f03", "*.f08", "*.F", "*.F90", "*.kt", "*.kts", "*.pas", "*.pp", "*.ada", "*.adb", "*.ads", "*.v", "*.odin",
        "*.cr", "*.hs", "*.ml", "*.mli", "*.jl", "*.lisp", "*.scm", "*.py", "*.pyx", "*.pxd", "*.pyi", "*.proto", "*.y",
        "*.l",
        // Builds.
        "*.toml", "*.yaml", "*.yml", "*.json", "*.cmake", "*.mk", "*.zon", "*.nimble", "*.gpr", "Makefile", "makefile",
        "GNUmakefile", "CMakeLists.txt", "meson.build", "go.mod", "go.sum", "BUILD", "BUILD.bazel", "dub.sdl",
    ]
    /// Patterns for files that are not sources, and for folders that builds write to.
    static let defaultExcludes = [
        ".*", "*~", "#*#", "*.tmp", "build", "target", "node_modules", "zig-out", "zig-cache",
    ]
    /// Maximum number of watched files and folders.
    package static let defaultLimit = 100_000

    package let folders: [String]
    package let includes: [String]
    package let excludes: [String]
    package let most: Int

    /// `includes`, `excludes`: patterns in addition to the usual ones. They override the usual ones of the other list.
    package init(_ folders: [String], includes: [String] = [], excludes: [String] = [], most: Int = Self.defaultLimit) {
        self.folders = folders
        self.includes = (Self.defaultIncludes + includes).filter { !excludes.contains($0) }
        self.excludes = (Self.defaultExcludes + excludes).filter { !includes.contains($0) }
        self.most = most
    }

    private struct Identity: Hashable {
        let device: dev_t
        let inode: ino_t
    }

    /// Lists the files with their states, and all folders that may contain sources.
    package func scan() -> Listing {
        var listing = Listing()
        var seen: Set<Identity> = []
        var rest = self.folders.map { ($0, "") }
        // Followed last: a folder that is also reached without a link is listed at its own path.
        var links: [(String, String)] = []
        while let (folder, inside) = rest.popLast() ?? links.popLast() {
            var status = stat()
            // A link may lead back, or to a folder that was visited already.
            guard stat(folder, &status) == 0,
                seen.insert(Identity(device: status.st_dev, inode: status.st_ino)).inserted
            else { continue }
            guard listing.count < self.most else { return listing.cut() }
            listing.folders.insert(folder)
            for name in FolderList.names(in: folder) {
                let (path, place) = ("\(folder)/\(name)", inside.isEmpty ? name : "\(inside)/\(name)")
                guard !Self.matches(self.excludes, name, place), stat(path, &status) == 0 else { continue }
                if status.st_mode & S_IFMT == S_IFDIR {
                    var link = stat()
                    let isLink = lstat(path, &link) == 0 && link.st_mode & S_IFMT == S_IFLNK
                    if isLink { links.append((path, place)) } else { rest.append((path, place)) }
                } else if Self.matches(self.includes, name, place) {
                    guard listing.count < self.most else { return listing.cut() }
                    listing.files[path] = FileMark(status)
                }
            }
        }
        return listing
    }

    /// Whether a pattern matches the name, or the path below the folder.
    private static func matches(_ patterns: [String], _ name: String, _ place: String) -> Bool {
        patterns.contains { fnmatch($0, name, 0) == 0 || fnmatch($0, place, 0) == 0 }
    }
}
