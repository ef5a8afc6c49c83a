import Foundation
import RoostModules
import RoostSystem
import TestSupport
import Testing

@Suite("Run directories")
struct RunDirectoryTests {
    let folder: TemporaryFolder

    init() throws { self.folder = try TemporaryFolder() }

    private func makeFolder(_ name: String, _ mode: mode_t) throws -> String {
        let path = "\(self.folder.path)/\(name)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        chmod(path, mode)
        return path
    }

    @Test("a run directory is refused below a folder that others own or can write to")
    func runDirectory() throws {
        func message(_ path: String, _ trust: FileTrust = FileTrust()) -> String {
            do {
                try RunDirectory.make(path, trust: trust).remove()
                return "none"
            } catch { return "\(error)" }
        }
        #expect(message("\(try self.makeFolder("sticky", 0o1777))/run") == "none")
        let open = try self.makeFolder("open", 0o777)
        #expect(message("\(open)/a/run").contains("cannot be used: \(open): is writable by everyone"))
        #expect(!FileManager.default.fileExists(atPath: "\(open)/a"))
        guard geteuid() == 0 else { return }
        let other = try self.makeFolder("other", 0o755)
        chown(other, 12345, 0)
        #expect(message("\(other)/run").contains("\(other): belongs to 12345"))
        var trust = FileTrust()
        trust.owners.insert(12345)
        #expect(message("\(other)/run", trust) == "none")
    }
}
