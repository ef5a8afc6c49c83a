import Foundation
import TestHarness
import TestSupport

/// A drop-in folder with one module, `app`, which is replaced repeatedly.
final class Deployed {
    let folder: TemporaryFolder
    private let modules: Modules

    init(_ modules: Modules, _ version: String = "1", _ flags: String...) throws {
        self.folder = try TemporaryFolder()
        self.modules = modules
        mkdir(self.path, 0o755)
        try self.put(file: try modules.generation(version, flags))
    }

    var path: String { "\(self.folder.path)/modules" }
    var file: String { "\(self.path)/app.so" }

    func serve(_ options: [String] = []) throws -> Server { try Server("--modules=\(self.path)", options) }

    /// Replaces the module atomically: writes a temporary file and renames it.
    func put(file library: String) throws {
        let part = "\(self.path)/.app.part"
        try? FileManager.default.removeItem(atPath: part)
        try FileManager.default.copyItem(atPath: library, toPath: part)
        try expect("rename", rename(part, self.file), 0)
    }

    func put(_ version: String, _ flags: String...) throws {
        try self.put(file: try self.modules.generation(version, flags))
    }
}

/// The response of `Generations.c` at its root.
struct Answer: Equatable {
    var version: String
    var count: Int
    var process: Int32
}

extension Server {
    func answer(at path: String = "/app/") throws -> Answer {
        let response = try self.ask(path)
        let words = response.text.split(separator: " ")
        guard response.status == 200, words.count == 3 else {
            throw UnexpectedResult("\(path): \(response.status) \(response.text)")
        }
        return Answer(version: String(words[0]), count: Int(words[1]) ?? 0, process: Int32(words[2]) ?? 0)
    }

    func waitFor(version: String, at path: String = "/app/") throws {
        try wait(for: "version \(version)") { (try? self.answer(at: path).version) == version }
    }

    /// Waits for the log line of a reload of this kind.
    func waitForReload(_ how: String, count: Int = 1) throws {
        try self.log.wait(for: " reloaded application=", " by=\"\(how)\" ", count: count)
    }
}
