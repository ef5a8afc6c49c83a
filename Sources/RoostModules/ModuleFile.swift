package import RoostSystem

/// The file of a module: a shared library that defines the application's function itself.
package final class ModuleFile: Sendable {
    private let library: LibraryFile

    /// The path as given by the operator.
    package var path: String { self.library.path }
    /// The path without symbolic links.
    package var resolved: String { self.library.resolved }
    package var size: Int { self.library.size }
    var elf: ELFImage { self.library.elf }
    /// The hash of the contents.
    package var hash: ContentHash { self.library.hash }

    /// The folder that `$ORIGIN` stands for.
    package var folder: String {
        String(self.resolved[..<(self.resolved.lastIndex(of: "/") ?? self.resolved.startIndex)])
    }

    package var name: String {
        String(self.resolved[(self.resolved.lastIndex(of: "/") ?? self.resolved.startIndex)...].dropFirst())
    }

    /// Opens and checks the file. Throws `HostError` with one line: the file, what was found, and what to do.
    package init(path: String, symbol: String, trust: FileTrust) throws {
        self.library = try LibraryFile(path: path, trust: trust)
        guard self.library.elf.exportsFunction(symbol) else {
            let near = NearestName.to(symbol, among: self.library.elf.exports.filter(\.isFunction).map(\.name))
            let hint = near.isEmpty ? "" : " (it has \(near.joined(separator: ", ")))"
            throw LibraryFile.error(
                path,
                "does not define the function '\(symbol)'\(hint); export"
                    + " asgi_result \(symbol)(const asgi_scope *, asgi_receive, asgi_send)"
            )
        }
    }

    /// Copies the contents to a new file. Throws `HostError`.
    package func copy(to destination: String) throws { try self.library.copy(to: destination) }
}
