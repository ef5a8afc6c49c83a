import Glibc
import RoostModules
import RoostSettings
import RoostSystem

/// A folder whose libraries are applications: `wiki.so` or `libwiki.so`, with the settings in `wiki.yaml` beside it.
package enum DropInFolder {
    struct Module: Hashable, Sendable {
        /// `wiki` of `libwiki.so`.
        let name: String
        let path: String
        let mark: FileMark
        /// The path of its settings file; nil if there is none.
        let settings: String?
        let settingsMark: FileMark?
    }

    package struct Listing: Hashable, Sendable {
        let folder: String
        /// Why the folder cannot be read; nil if it can.
        package var fault: String?
        /// Sorted by path.
        var modules: [Module] = []
    }

    /// Lists the folder. Files whose names start with a dot or do not end in `.so` are ignored: editors, linkers and
    /// copy tools write to such names before they rename the file.
    static func list(_ folder: String) -> Listing {
        var listing = Listing(folder: folder)
        var status = stat()
        guard stat(folder, &status) == 0 else {
            listing.fault = "\(folder): \(String(cString: strerror(errno)))"
            return listing
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            listing.fault = "\(folder): not a folder"
            return listing
        }
        guard access(folder, R_OK | X_OK) == 0 else {
            listing.fault = "\(folder): cannot be read: \(String(cString: strerror(errno)))"
            return listing
        }
        for file in FolderList.names(in: folder) where file.hasSuffix(".so") && !file.hasPrefix(".") {
            let path = "\(folder)/\(file)"
            guard let mark = FileMark(of: path) else { continue }
            let name = ModuleReport.name(ofFile: file)
            let settings = ["yaml", "yml", "json"].map { ending in "\(folder)/\(name).\(ending)" as String }
                .first { access($0, F_OK) == 0 }
            listing.modules.append(
                Module(
                    name: name, path: path, mark: mark, settings: settings,
                    settingsMark: settings.flatMap { FileMark(of: $0) }))
        }
        return listing
    }
}

extension DropInFolder.Module {
    /// The entry that the file's name and its settings declare. Throws `HostError`.
    package func entry(_ trust: FileTrust) throws -> ApplicationEntry {
        guard !self.name.isEmpty else {
            throw HostError(code: .module, message: "\(self.path): no name before .so")
        }
        return try ApplicationEntry(
            dropIn: self.path, name: self.name,
            beside: try self.settings.map { try SettingsFile(path: $0, trust: trust) })
    }
}
