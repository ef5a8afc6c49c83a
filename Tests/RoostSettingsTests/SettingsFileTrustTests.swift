import Foundation
import RoostSettings
import RoostSystem
import TestSupport
import Testing

@Suite("Trust in settings files")
struct SettingsFileTrustTests {
    let folder: TemporaryFolder

    init() throws { self.folder = try TemporaryFolder() }

    @Test("a settings file must pass the trust check and be a regular file")
    func settings() throws {
        let file = try self.folder.write("s.yaml", "a: 1")
        func message(_ path: String, _ trust: FileTrust = FileTrust()) -> String {
            do {
                _ = try SettingsFile(path: path, trust: trust)
                return "none"
            } catch { return "\(error)" }
        }
        #expect(message(file) == "none")
        chmod(file, 0o666)
        #expect(message(file).contains("run chmod o-w \(file)"))
        chmod(file, 0o644)
        let fifo = "\(self.folder.path)/fifo.yaml"
        mkfifo(fifo, 0o600)
        #expect(message(fifo) == "\(fifo): is not a regular file; name a settings file")
        guard geteuid() == 0 else { return }
        chown(file, 12345, 0)
        #expect(
            message(file).contains(
                "belongs to 12345, who is neither root nor the user of roost; run chown root \(file)"))
        var trust = FileTrust()
        trust.owners.insert(12345)
        #expect(message(file, trust) == "none")
    }
}
