import Foundation
import TestSupport

/// The server under attack: the release build with the Bench module, and short times so that nobody waits for long.
final class Victim {
    /// Seconds of each of its time limits.
    static let patience = 2

    private let process: RoostProcess

    /// `limitedTo`: descriptors that it may have.
    init(limitedTo descriptors: Int? = nil) throws {
        let shell = descriptors.map { "ulimit -n \($0); exec \"$0\" \"$@\"" } ?? "exec \"$0\" \"$@\""
        self.process = try RoostProcess(
            [
                "-c", shell, "\(Repository.root)/.build/release/roost", "\(Repository.root)/.build/release/libBench.so",
                "--no-supervisor", "--port", "0", "--no-access-log",
                "--timeout-request-head", "\(Self.patience)", "--timeout-request-body", "\(Self.patience)",
                "--timeout-write", "\(Self.patience)", "--timeout-half-close", "\(Self.patience)",
            ],
            command: "/bin/sh")
        self.process.ignoreErrors()
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
        let status = try self.ask("GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        guard status == 200 else { throw Surprise("GET / is answered with \(status) afterwards") }
    }

    /// Bytes of memory that it has, and that it had at most since the peak was reset.
    var memory: Int { self.status("VmRSS:") }
    var peak: Int { self.status("VmHWM:") }

    func resetPeak() {
        try? "5".write(toFile: "/proc/\(self.process.identifier)/clear_refs", atomically: false, encoding: .utf8)
    }

    /// Descriptors that it has open.
    var descriptors: Int {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(self.process.identifier)/fd")) ?? []).count
    }

    /// CPU that it took while this went on, in hundredths of a second.
    func busyTicks(_ body: () throws -> Void) throws -> Int {
        let before = self.ticks
        try body()
        return self.ticks - before
    }

    private var ticks: Int {
        let text = (try? String(contentsOfFile: "/proc/\(self.process.identifier)/stat", encoding: .utf8)) ?? ""
        // User and system time are the 12th and 13th field behind the name.
        let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
        return fields.count > 12 ? (Int(fields[11]) ?? 0) + (Int(fields[12]) ?? 0) : 0
    }

    private func status(_ name: String) -> Int {
        let text = (try? String(contentsOfFile: "/proc/\(self.process.identifier)/status", encoding: .utf8)) ?? ""
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
