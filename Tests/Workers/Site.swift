import Foundation
import TestHarness
import TestSupport

/// A drop-in folder with modules of `Tests/Fixtures/Places.c`, whose responses contain the mount, the path and the
/// version.
final class Site {
    let folder: TemporaryFolder
    private let modules: Modules

    init(_ modules: Modules, _ names: [String] = []) throws {
        self.folder = try TemporaryFolder()
        self.modules = modules
        mkdir(self.path, 0o755)
        for name in names { try self.put(name, "1") }
    }

    var path: String { "\(self.folder.path)/modules" }

    /// Starts a server of the folder.
    func serve(_ options: [String] = []) throws -> Server {
        try Server("--modules=\(self.path)", ["--timeout-graceful-shutdown", "2"] + options)
    }

    /// Deploys a module atomically: writes a temporary file and renames it.
    func put(_ name: String, _ version: String, in folder: String = "modules") throws {
        let part = "\(self.folder.path)/\(folder)/.\(name).part"
        try? FileManager.default.removeItem(atPath: part)
        try FileManager.default.copyItem(atPath: try self.library(version), toPath: part)
        try expect("rename", rename(part, "\(self.folder.path)/\(folder)/\(name).so"), 0)
    }

    func library(_ version: String) throws -> String { try self.modules.places(version) }

    func settings(_ name: String, _ text: String) throws {
        try self.folder.write("modules/\(name).yaml", text)
    }

    func remove(_ file: String) throws { try FileManager.default.removeItem(atPath: "\(self.path)/\(file)") }
}

extension Server {
    /// Waits until this version answers the path; it may get 503 or 404 before.
    func waitFor(_ path: String, version: String, seconds: Int = Time.patience) throws {
        try wait(for: "\(path) by version \(version)", seconds: seconds) {
            let answer = try self.ask(path)
            let mount = path.split(separator: "/").first.map { "/\($0)" } ?? ""
            return answer.status == 200 && answer.text.hasPrefix("\(mount)|") && answer.text.hasSuffix("|\(version)")
        }
    }

    func waitFor(_ path: String, status: Int) throws {
        try wait(for: "\(path) with \(status)") { try self.ask(path).status == status }
    }
}
