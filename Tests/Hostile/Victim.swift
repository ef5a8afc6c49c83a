import Foundation
import TestSupport

/// The server under attack: the release build with the Bench module, and short time limits so that attacks end soon.
final class Victim {
    /// Seconds of each of its time limits.
    static let patience = 2
    /// Whether the module is in a worker group of its own, so that every request goes through a relay.
    nonisolated(unsafe) static var isGrouped = false

    private let process: RoostProcess
    private let folder: TemporaryFolder

    /// `limitedTo`: the number of descriptors that each of its processes may have.
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

    /// The processes that serve: the only one, or the workers.
    private var processes: [Int32] {
        let process = self.process.identifier
        guard Self.isGrouped else { return [process] }
        let text = (try? String(contentsOfFile: "/proc/\(process)/task/\(process)/children", encoding: .utf8)) ?? ""
        return text.split(separator: " ").compactMap { Int32($0) }
    }

    func client() throws -> RawClient { try RawClient(port: self.process.port) }

    /// One request on a connection of its own; says the status.
    func ask(_ request: String) throws -> Int {
        let client = try self.client()
        client.send(request)
        return try client.readResponse().status
    }

    /// Fails when it does not answer any more.
    func checkAlive() throws {
        let client = try self.client()
        client.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        let response = try client.readResponse()
        guard response.status == 200 else {
            throw Surprise("GET / is answered with \(response.status) afterwards: \(response.text)")
        }
    }

    /// Bytes of memory that its processes have, and that they had at most since the peak was reset.
    var memory: Int { self.sum { Self.size("VmRSS:", of: $0) } }
    var peak: Int { self.sum { Self.size("VmHWM:", of: $0) } }

    private func sum(_ value: (Int32) -> Int) -> Int { self.processes.reduce(0) { $0 + value($1) } }

    func resetPeak() {
        for process in self.processes {
            try? "5".write(toFile: "/proc/\(process)/clear_refs", atomically: false, encoding: .utf8)
        }
    }

    /// The number of open descriptors.
    var descriptors: Int {
        self.sum { ((try? FileManager.default.contentsOfDirectory(atPath: "/proc/\($0)/fd")) ?? []).count }
    }

    /// The CPU time that it took meanwhile, in hundredths of a second.
    func busyTicks(_ body: () throws -> Void) throws -> Int {
        let before = self.sum(Self.ticks)
        try body()
        return self.sum(Self.ticks) - before
    }

    private static func ticks(of process: Int32) -> Int {
        let text = (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)) ?? ""
        // User and system time are the 12th and 13th field behind the name.
        let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
        return fields.count > 12 ? (Int(fields[11]) ?? 0) + (Int(fields[12]) ?? 0) : 0
    }

    private static func size(_ name: String, of process: Int32) -> Int {
        let text = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix(name) } ?? ""
        return (Int(line.filter(\.isNumber)) ?? 0) << 10
    }

    /// Ends it; fails when it does not end well.
    func stop() throws {
        let status = self.process.stop()
        guard status == 0 else { throw Surprise("it ended with \(status)") }
    }
}

/// Something else came of it than has to.
struct Surprise: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

func expect<Value: Equatable>(_ what: String, _ value: Value, _ wanted: Value) throws {
    guard value != wanted else { return }
    throw Surprise("\(what): \(value) instead of \(wanted)")
}
