import CASGI
package import RoostSystem

/// Which bytes of which file, asked for which symbol.
package struct ImageKey: Hashable, Sendable {
    package let resolved: String
    package let hash: String
    package let symbol: String

    package init(resolved: String, hash: String, symbol: String) {
        self.resolved = resolved
        self.hash = hash
        self.symbol = symbol
    }
}

/// A copy that can be loaded, and what a child that has loaded it says.
package struct LoadableImage: Sendable, Equatable {
    /// As the operator named it, or as it was found.
    package let path: String
    /// Of the original.
    package let folder: String
    package let staged: StagedModule
    /// Bytes of the file.
    package var size = 0
    /// Why its file can stand in a process only once, as far as the file says it.
    package var obstacle: String?
    /// Nil: it has not been probed.
    package var description: ModuleDescription?
    package var fault: String?

    package init(path: String, folder: String, staged: StagedModule) {
        self.path = path
        self.folder = folder
        self.staged = staged
    }

    /// Copies the file. Throws `HostError`.
    package init(_ file: ModuleFile, named path: String, in run: RunDirectory, trust: FileTrust) throws {
        self.init(path: path, folder: file.folder, staged: try StagedModule(file, in: run, trust: trust))
        self.size = file.size
        self.obstacle = Self.obstacle(of: file.elf, self.staged)
    }

    /// Another copy of the same. Throws `HostError`.
    package func again(_ file: ModuleFile, in run: RunDirectory, trust: FileTrust) throws -> LoadableImage {
        var image = try LoadableImage(file, named: self.path, in: run, trust: trust)
        image.description = self.description
        image.fault = self.fault
        return image
    }

    private static func obstacle(of elf: ELFImage, _ staged: StagedModule) -> String? {
        if elf.hasStaticTLS { return "it has static TLS (build it without -ftls-model=initial-exec)" }
        if let name = elf.uniqueSymbols.first {
            return
                "it has unique symbols of g++ (\(name)), whose data would be shared with the previous version (build it with -fno-gnu-unique)"
        }
        return staged.libraries.first.map { "it has private libraries (\($0.path))" }
    }

    /// Whether it says itself that it wants a process of its own for every generation.
    package var wantsProcess: Bool { (self.description?.flags ?? 0) & ASGI_RELOAD_PROCESS != 0 }
}
