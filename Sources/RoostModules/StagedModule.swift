import Glibc
package import RoostSystem

/// The copy of a module's file that is loaded, at a path never used before.
///
/// For a path that it knows, the loader returns the old image, even if the contents are new.
package struct StagedModule: Sendable, Equatable {
    package let path: String
    /// Whether the program itself provides the module; `path` is then its name.
    package private(set) var isProvided = false
    /// The name by which the loader knows the module, in addition to its path.
    package private(set) var soname: String?
    /// Copies of the private libraries, beside the module's copy.
    package private(set) var libraries: [PrivateLibrary] = []

    /// Describes a copy that exists already.
    package init(path: String, soname: String? = nil, libraries: [PrivateLibrary] = []) {
        self.path = path
        self.soname = soname
        self.libraries = libraries
    }

    /// Describes a module that the program provides, which has no file.
    package init(provided name: String) {
        self.path = name
        self.isProvided = true
    }

    /// Whether the original of a private library has changed since.
    package var isOutdated: Bool { self.libraries.contains(where: \.isOutdated) }

    /// Copies the file, and the libraries that the module finds by `$ORIGIN`. Throws `HostError`.
    package init(_ file: ModuleFile, in run: RunDirectory, trust: FileTrust) throws {
        var staging = OriginStaging(of: file, below: try run.makeLoadFolder(file.hash), run: run, trust: trust)
        self.path = try staging.place(file)
        try staging.bringLibraries(of: file.elf)
        self.soname = file.elf.soname
        self.libraries = staging.libraries
    }
}

/// Copies a module and the private libraries that it finds by `$ORIGIN` into a folder, with the same relative paths.
///
/// The copied layout includes as many folders above the module as its search path climbs.
private struct OriginStaging {
    private let load: String
    private let run: RunDirectory
    private let trust: FileTrust
    /// The folder of the originals that `load` corresponds to.
    private let base: String
    /// The path from `base` to the module's folder.
    private let inside: [Substring]
    private var staged: Set<String> = []
    private(set) var libraries: [PrivateLibrary] = []

    init(of file: ModuleFile, below load: String, run: RunDirectory, trust: FileTrust) {
        self.run = run
        let origin = file.folder.split(separator: "/")
        let climbs = file.elf.searchPath.compactMap(Self.afterOrigin).map { $0.prefix { $0 == ".." }.count }
        let kept = max(origin.count - (climbs.max() ?? 0), 0)
        self.load = load
        self.trust = trust
        self.base = "/" + origin[..<kept].joined(separator: "/")
        self.inside = Array(origin[kept...])
    }

    mutating func place(_ file: ModuleFile) throws -> String {
        try self.makeFolders(self.inside)
        let path = ([Substring(self.load)] + self.inside + [Substring(file.name)]).joined(separator: "/")
        try file.copy(to: path)
        self.staged.insert(path)
        return path
    }

    mutating func bringLibraries(of elf: ELFImage) throws { try self.bringLibraries(of: elf, inside: self.inside) }

    private mutating func bringLibraries(of elf: ELFImage, inside: [Substring]) throws {
        for name in elf.needed where !name.contains("/") {
            guard let folder = try self.folder(of: name, elf.searchPath, inside: inside) else { continue }
            try self.bring(name, in: folder)
        }
    }

    /// Returns the folder below `base` in which the loader finds a library; nil if it finds it elsewhere, or not at
    /// all.
    private func folder(of name: String, _ places: [String], inside: [Substring]) throws -> [Substring]? {
        for place in places where !place.isEmpty {
            guard let after = Self.afterOrigin(place) else {
                if access("\(place)/\(name)", F_OK) == 0 { return nil }
                continue
            }
            guard let folder = Self.resolve(inside + after) else {
                throw HostError(
                    code: .module,
                    message:
                        "\(self.base)/\(inside.joined(separator: "/")): a library there searches for others at $ORIGIN/"
                        + "\(after.joined(separator: "/")), above the folder of its module; put them side by side"
                )
            }
            let path = ([Substring(self.base)] + folder + [Substring(name)]).joined(separator: "/")
            if access(path, F_OK) == 0 { return folder }
        }
        return nil
    }

    private mutating func bring(_ name: String, in folder: [Substring]) throws {
        let path = (folder + [Substring(name)]).joined(separator: "/")
        let copy = "\(self.load)/\(path)"
        guard self.staged.insert(copy).inserted else { return }
        let library = try LibraryFile(path: "\(self.base)/\(path)", trust: self.trust)
        try self.makeFolders(folder)
        // The loader identifies a file with two names by its inode: link the second name.
        if let at = self.libraries.firstIndex(where: { $0.path == library.resolved }) {
            guard link(self.libraries[at].copy, copy) == 0 else {
                throw HostError(
                    code: .runDirectory,
                    message: "\(copy): cannot be linked: \(String(cString: strerror(errno)))")
            }
            self.libraries[at].names.insert(name)
            return
        }
        try library.copy(to: copy)
        self.libraries.append(
            PrivateLibrary(
                path: library.resolved, mark: library.mark, copy: copy, hash: "\(library.hash)",
                names: Set([name, library.elf.soname].compactMap { $0 })))
        try self.bringLibraries(of: library.elf, inside: folder)
    }

    /// Returns the path components after `$ORIGIN` in a folder of a search path. Nil for any other folder, which the
    /// loader finds from the copy as from the original.
    private static func afterOrigin(_ path: String) -> [Substring]? {
        for origin in ["$ORIGIN", "${ORIGIN}"] where path == origin || path.hasPrefix("\(origin)/") {
            return path.dropFirst(origin.count).split(separator: "/").filter { $0 != "." }
        }
        return nil
    }

    /// Resolves `..` in the path; nil if the path climbs above its first component.
    private static func resolve(_ parts: [Substring]) -> [Substring]? {
        var resolved: [Substring] = []
        for part in parts {
            if part == ".." {
                guard resolved.popLast() != nil else { return nil }
            } else {
                resolved.append(part)
            }
        }
        return resolved
    }

    private func makeFolders(_ parts: [Substring]) throws {
        var made = self.load
        for part in parts {
            made += "/\(part)"
            try self.run.make(folder: made)
        }
    }
}
