import TestHarness
import TestSupport

/// The server under attack: the release build with the Bench module, and short timeouts so that attacks end soon.
final class Victim {
    /// Each of its timeouts, in seconds.
    static let patience = 2
    /// Whether the module is in a worker group, so that every request passes through a relay.
    nonisolated(unsafe) static var isGrouped = false

    private let process: RoostProcess
    private let folder: TemporaryFolder

    /// `limitedTo`: the maximum number of open descriptors per process.
    init(limitedTo descriptors: Int? = nil) throws {
        let shell = descriptors.map { "ulimit -n \($0); exec \"$0\" \"$@\"" } ?? "exec \"$0\" \"$@\""
        let module = "\(Repository.root)/.build/release/libBench.so"
        self.folder = try TemporaryFolder()
        try self.folder.write("settings.yaml", "applications:\n  - {module: \(module), mount: /, worker: own}\n")
        let served =
            Self.isGrouped
            ? ["--app-dir", self.folder.path, "--run-dir", "\(self.folder.path)/run"] : [module, "--no-supervisor"]
        self.process = try RoostProcess(
            ["-c", shell, "\(Repository.root)/.build/release/roost"] + served + [
                "--port", "0", "--no-access-log",
                "--timeout-request-head", "\(Self.patience)", "--timeout-request-body", "\(Self.patience)",
                "--timeout-write", "\(Self.patience)", "--timeout-half-close", "\(Self.patience)",
            ],
            command: "/bin/sh")
        self.process.ignoreErrors()
    }

    /// The processes that serve: the single process, or the workers.
    private var processes: [ProcessFigures] {
        let process = ProcessFigures(self.process.identifier)
        return Self.isGrouped ? process.children.map(ProcessFigures.init) : [process]
    }

    func client() throws -> RawClient { try RawClient(port: self.process.port) }

    /// Sends a request on a new connection and returns the status of the response.
    func ask(_ request: String) throws -> Int {
        let client = try self.client()
        client.send(request)
        return try client.readResponse().status
    }

    /// Throws unless the server answers `GET /` with 200.
    func checkAlive() throws {
        let client = try self.client()
        client.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        let response = try client.readResponse()
        guard response.status == 200 else {
            throw UnexpectedResult("GET / afterwards got \(response.status): \(response.text)")
        }
    }

    /// The resident memory of the processes, in bytes.
    var memory: Int { get throws { try self.sum { try $0.residentMemory } } }
    /// The highest value of `memory` since `resetPeak()`.
    var peak: Int { get throws { try self.sum { try $0.peakMemory } } }
    var descriptors: Int { get throws { try self.sum { try $0.descriptors } } }

    private func sum(_ figure: (ProcessFigures) throws -> Int) throws -> Int {
        try self.processes.reduce(0) { try $0 + figure($1) }
    }

    func resetPeak() throws { for process in self.processes { try process.resetPeak() } }

    /// The CPU time used during `body`, in hundredths of a second.
    func busyTicks(_ body: () throws -> Void) throws -> Int {
        let before = try self.sum { try $0.ticks }
        try body()
        return try self.sum { try $0.ticks } - before
    }

    /// Stops the server. Throws unless it exits with status 0.
    func stop() throws {
        let status = self.process.stop()
        guard status == 0 else { throw UnexpectedResult("the server exited with status \(status)") }
    }
}
