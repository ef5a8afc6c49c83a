import Glibc
import RoostSystem

/// The files of this Roost that an interpreter loads.
package struct PythonPackage: Sendable, Equatable {
    /// The folder that contains the Python package `roost`.
    package let folder: String
    /// The extension module.
    package let bridge: String
    /// `libRoost.so`.
    package let library: String

    /// Finds them by the path of this executable: in a prefix (`bin/roost`, `lib/roost`), in a wheel (a prefix in the
    /// folder `_native` of the package), or in a build (the libraries beside `roost`, the package in the sources above
    /// it). Throws `HostError`.
    package static func find(executable: String) throws -> PythonPackage {
        let folder = self.parent(executable)
        let installed = "\(self.parent(folder))/lib/roost"
        let above = self.above(folder)
        let wheel = above.count > 2 ? [above[2]] : []
        let package = ["\(installed)/python"] + wheel + above.map { "\($0)/Plugins/Python" }
        guard let python = package.first(where: { access("\($0)/roost/worker.py", R_OK) == 0 }),
            let libraries = [folder, installed].first(where: { access("\($0)/\(self.bridgeName)", R_OK) == 0 }),
            access("\(libraries)/libRoost.so", R_OK) == 0
        else {
            throw HostError(
                code: .usage,
                message:
                    "this roost (\(executable)) cannot run Python applications: its Python package, \(self.bridgeName) or"
                    + " libRoost.so is missing; build it with `make build`")
        }
        return PythonPackage(
            folder: python, bridge: "\(libraries)/\(self.bridgeName)", library: "\(libraries)/libRoost.so")
    }

    /// The files of the package `roost`, without those that only programs of its users import. An interpreter executes
    /// any of them.
    var sources: [String] {
        FolderList.names(in: "\(self.folder)/roost").filter { $0.hasSuffix(".py") }.map { "\(self.folder)/roost/\($0)" }
    }

    private static let bridgeName = "libRoostPython.so"

    private static func parent(_ path: String) -> String {
        let slash = path.lastIndex(of: "/") ?? path.startIndex
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func above(_ folder: String) -> [String] {
        var folders: [String] = []
        var folder = folder
        while folder != "/" {
            folder = self.parent(folder)
            folders.append(folder)
        }
        return folders
    }
}
