import Glibc

/// The copy of a module's file that is loaded: at a path never used before, since the loader gives back the old image for
/// a path it knows, even when the bytes are new.
struct StagedModule: Sendable, Equatable {
    /// A library of the module's own, as it was when the copy was made.
    struct Library: Sendable, Equatable {
        let path: String
        let mark: FileMark?

        init(_ path: String) {
            self.path = path
            self.mark = FileMark(of: path)
        }
    }

    let path: String
    /// What stands beside it: not copied, but found there.
    private(set) var libraries: [Library] = []

    /// One that was made before.
    init(path: String) { self.path = path }

    /// Whether a library of its own is another by now.
    var isOutdated: Bool { self.libraries.contains { $0 != Library($0.path) } }

    /// Copies the file, and puts beside the copy what the module finds by `$ORIGIN`. Throws `HostError`.
    init(_ file: ModuleFile, in run: RunDirectory, trust: FileTrust) throws {
        var staging = OriginStaging(of: file, below: try run.makeLoadFolder(file.hash), run: run, trust: trust)
        self.path = try staging.place(file)
        try staging.bringLibraries(of: file.elf)
        self.libraries = staging.libraries.map(Library.init)
    }
}

/// Puts a module and the libraries of its own that it finds by `$ORIGIN` below a folder, laid out as they were: as many
/// folders above the module as its search path climbs.
private struct OriginStaging {
    private let load: String
    private let run: RunDirectory
    private let trust: FileTrust
    /// The folder of the originals that `load` stands for.
    private let base: String
    /// From there to the module.
    private let inside: [Substring]
    private var staged: Set<String> = []
    /// The originals of what stands beside the module.
    private(set) var libraries: [String] = []

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
        for place in elf.searchPath.compactMap(Self.afterOrigin) {
            guard let folder = Self.resolve(inside + place) else {
                throw HostError(
                    code: .module,
                    message:
                        "\(self.base)/\(inside.joined(separator: "/")): a library there looks for others at $ORIGIN/"
                        + "\(place.joined(separator: "/")), above what its module does: put them side by side"
                )
            }
            for library in elf.needed {
                let path = (folder + [Substring(library)]).joined(separator: "/")
                let original = "\(self.base)/\(path)"
                guard access(original, F_OK) == 0, self.staged.insert("\(self.load)/\(path)").inserted else { continue }
                let sibling = try SiblingLibrary(original, trust: self.trust)
                try self.makeFolders(folder)
                guard symlink(sibling.resolved, "\(self.load)/\(path)") == 0 else {
                    throw HostError(
                        code: .runDirectory,
                        message: "\(self.load)/\(path): cannot be linked: \(String(cString: strerror(errno)))"
                    )
                }
                self.libraries.append(sibling.resolved)
                try self.bringLibraries(of: sibling.elf, inside: folder)
            }
        }
    }

    /// What follows `$ORIGIN` in a folder of a search path; nil: it is another folder, which the loader finds from the
    /// copy as it does from the original.
    private static func afterOrigin(_ path: String) -> [Substring]? {
        for origin in ["$ORIGIN", "${ORIGIN}"] where path == origin || path.hasPrefix("\(origin)/") {
            return path.dropFirst(origin.count).split(separator: "/").filter { $0 != "." }
        }
        return nil
    }

    /// Without `..`; nil: it climbs out.
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

/// A library that a module brings with it: held to the same rules, since its code runs as well.
private struct SiblingLibrary {
    let resolved: String
    let elf: ELFImage

    init(_ path: String, trust: FileTrust) throws {
        var status = stat()
        guard let resolved = realpath(path, nil) else {
            throw HostError(code: .module, message: "\(path): cannot be resolved: \(String(cString: strerror(errno)))")
        }
        defer { free(resolved) }
        self.resolved = String(cString: resolved)
        guard stat(self.resolved, &status) == 0 else {
            throw HostError(code: .module, message: "\(path): cannot be looked at: \(String(cString: strerror(errno)))")
        }
        if let fault = trust.fault(of: status, path: path) { throw HostError(code: .module, message: fault) }
        self.elf = try ModuleFile.facts(of: self.resolved, size: Int(status.st_size))
    }
}
