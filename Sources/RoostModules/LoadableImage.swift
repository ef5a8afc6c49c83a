import CASGI
package import RoostSystem

/// The identity of an image: the file, its contents, and the exported symbol.
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

/// A copy of a module that can be loaded, and the description that the probe read from it.
package struct LoadableImage: Sendable, Equatable {
    /// The path as given by the operator, or as found.
    package let path: String
    /// The folder of the original.
    package let folder: String
    package let staged: StagedModule
    /// The size of the file, in bytes.
    package var size = 0
    /// Why a process can load the file only once, as far as the file shows it.
    package var obstacle: String?
    /// The module's description; nil before the probe.
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

    /// Makes another copy of the same file. Throws `HostError`.
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

    /// Whether the module requires a new process for every generation (`ASGI_RELOAD_PROCESS`).
    package var wantsProcess: Bool { (self.description?.flags ?? 0) & ASGI_RELOAD_PROCESS != 0 }
}
