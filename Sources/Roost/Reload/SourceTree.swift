import Glibc

/// The files below some folders from which modules are made, as far as patterns name them.
struct SourceTree: Sendable {
    /// What sources are called when nobody says.
    static let usualIncludes = [
        "*.c", "*.h", "*.cc", "*.cpp", "*.cxx", "*.hh", "*.hpp", "*.inc", "*.s", "*.S", "*.rs", "*.zig", "*.swift",
        "*.go",
        "*.py", "*.toml", "*.yaml", "*.yml", "*.json", "Makefile", "CMakeLists.txt", "go.mod",
    ]
    /// What is not a source whatever it is called, and folders that builds write to.
    static let usualExcludes = [".*", "*~", "#*#", "*.tmp", "build", "target", "node_modules", "zig-out", "zig-cache"]

    let folders: [String]
    let includes: [String]
    let excludes: [String]
    /// So many are looked at.
    static let mostFiles = 100_000

    /// `includes`, `excludes`: besides the usual; what somebody names goes before the other list.
    init(_ folders: [String], includes: [String] = [], excludes: [String] = []) {
        self.folders = folders
        self.includes = (Self.usualIncludes + includes).filter { !excludes.contains($0) }
        self.excludes = (Self.usualExcludes + excludes).filter { !includes.contains($0) }
    }

    /// The files with their states, and all folders they could be in.
    func look() -> (files: [String: FileMark], folders: Set<String>) {
        var files: [String: FileMark] = [:]
        var seen: Set<String> = []
        var rest = self.folders.map { ($0, "") }
        while let (folder, inside) = rest.popLast(), files.count < Self.mostFiles {
            guard seen.insert(folder).inserted else { continue }
            for name in FolderList.names(in: folder) {
                let (path, place) = ("\(folder)/\(name)", inside.isEmpty ? name : "\(inside)/\(name)")
                guard !Self.matches(self.excludes, name, place) else { continue }
                var status = stat()
                // A link to a folder may lead back.
                guard lstat(path, &status) == 0 else { continue }
                if status.st_mode & S_IFMT == S_IFDIR {
                    rest.append((path, place))
                } else if Self.matches(self.includes, name, place) {
                    files[path] = FileMark(of: path)
                }
            }
        }
        return (files, seen)
    }

    /// By the name, or by the path below the folder.
    private static func matches(_ patterns: [String], _ name: String, _ place: String) -> Bool {
        patterns.contains { fnmatch($0, name, 0) == 0 || fnmatch($0, place, 0) == 0 }
    }
}
