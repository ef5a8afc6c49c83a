import Glibc
package import RoostSystem

/// Finds the file of a module by its name.
package struct ModuleLocator: Sendable {
    /// The folders to search for dotted names.
    package var folders: [String]

    package init(folders: [String]) { self.folders = folders }

    /// Returns the path of the file, as given or as found. Throws `HostError` with the paths that were searched and the
    /// files with similar names.
    package func path(of name: ModuleName) throws -> String {
        switch name.place {
        case .path(let path):
            // The loader would search its own folders for a path without a slash.
            let path = path.contains("/") ? path : "./\(path)"
            guard access(path, F_OK) == 0 else { throw Self.notFound(path) }
            return path
        case .provided(let name):
            throw HostError(code: .usage, message: "the module '\(name)' is a part of a program and has no file")
        case .dotted(let words):
            let looked = self.folders.flatMap { Self.candidates(words, below: $0) }
            guard let found = looked.first(where: { access($0, F_OK) == 0 }) else {
                let near = self.folders.flatMap { Self.near(words[words.count - 1], in: $0) }
                throw HostError(
                    code: .usage,
                    message: "module '\(words.joined(separator: "."))' not found: looked for "
                        + looked.map { WorkingFolder.absolute($0) }.joined(separator: ", ")
                        + Self.suggestion(near)
                )
            }
            return found
        }
    }

    /// Whether a library of this dotted name exists.
    package func hasLibrary(_ words: [String]) -> Bool {
        self.folders.contains { folder in
            Self.candidates(words, below: folder).contains { access($0, F_OK) == 0 }
        }
    }

    /// `wiki` is `wiki.so` or `libwiki.so`; `wiki.asgi` is `wiki/asgi.so` or `wiki/libasgi.so`.
    private static func candidates(_ words: [String], below folder: String) -> [String] {
        let last = words[words.count - 1]
        let inner = ([folder] + words.dropLast()).joined(separator: "/")
        return ["\(inner)/\(last).so", "\(inner)/lib\(last).so"]
    }

    /// Returns the error for a missing file. It names the absolute folder, since a relative path depends on the working
    /// folder.
    private static func notFound(_ path: String) -> HostError {
        let absolute = WorkingFolder.absolute(path)
        let slash = absolute.lastIndex(of: "/") ?? absolute.startIndex
        let folder = slash == absolute.startIndex ? "/" : String(absolute[..<slash])
        let name = String(absolute[slash...].dropFirst())
        guard access(folder, F_OK) == 0 else {
            return HostError(code: .usage, message: "\(path): not found: the folder \(folder) does not exist")
        }
        return HostError(
            code: .usage, message: "\(path): not found in \(folder)\(self.suggestion(self.near(name, in: folder)))")
    }

    private static func suggestion(_ names: [String]) -> String {
        names.isEmpty ? "" : "; did you mean \(names.joined(separator: ", "))?"
    }

    /// Returns the paths of libraries in the folder with similar names.
    private static func near(_ name: String, in folder: String) -> [String] {
        func stem(_ file: String) -> String {
            var stem = file.hasSuffix(".so") ? String(file.dropLast(3)) : file
            if stem.hasPrefix("lib") { stem.removeFirst(3) }
            return stem
        }
        let files = FolderList.names(in: folder).filter { $0.hasSuffix(".so") }
        let stems = NearestName.to(stem(name), among: Set(files.map(stem)))
        return stems.flatMap { wanted in files.filter { stem($0) == wanted }.map { "\(folder)/\($0)" } }
    }
}
