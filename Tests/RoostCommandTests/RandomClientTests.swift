import Foundation
import TestSupport
import Testing

/// The short form of `make test-chaos`.
@Suite("Random clients", .serialized)
struct RandomClientTests {
    private static let clients = 8
    private static let visits = 60

    @Test("clients that disconnect at any moment crash no worker and get no wrong response", arguments: [false, true])
    func leave(isGrouped: Bool) throws {
        let folder = try TemporaryFolder()
        let module = "\(Repository.products)/libBench.so"
        try folder.write(
            "settings.yaml", "applications:\n  - {module: \(module), mount: /\(isGrouped ? ", worker: own" : "")}\n")
        let run = "\(folder.path)/run"
        let server = try RoostProcess(
            ["--app-dir", folder.path, "--port", "0", "--no-access-log", "--run-dir", run], folder: folder.path)
        let port = server.port
        let faults = Faults()
        DispatchQueue.concurrentPerform(iterations: Self.clients) { number in
            var numbers = SeededNumbers(state: UInt64(number))
            for _ in 0..<Self.visits {
                do {
                    _ = try RandomClient(port: port).visit(&numbers)
                } catch { faults.add("client \(number): \(error)") }
            }
        }
        #expect(faults.all.isEmpty, "\(faults.all.prefix(5))")
        let status = try Command.run([Repository.roost, "status", "--json", "--run-dir", run])
        #expect(status.output.contains("\"crashes\":0,\"restarts\":0"), "\(status.output)\(status.error)")
        #expect(server.stop() == 0)
    }

    private final class Faults: @unchecked Sendable {
        // SAFETY: guards `texts`.
        private let lock = NSLock()
        private var texts: [String] = []

        func add(_ text: String) { self.lock.withLock { self.texts.append(text) } }
        var all: [String] { self.lock.withLock { self.texts } }
    }
}
