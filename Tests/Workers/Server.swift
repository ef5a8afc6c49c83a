import Foundation
import TestHarness
import TestSupport

/// A supervised server under test: the release build, with a run directory of its own.
final class Server {
    static let roost = "\(Repository.root)/.build/release/roost"

    let log = Log()
    private let folder: TemporaryFolder
    private let process: StartedProcess

    /// Starts it. `module`: nil when the options name what is served. `through`: the words of a command that starts it in turn; `input`: its
    /// standard input.
    init(
        starting module: String?, _ options: [String] = [], through: [String] = [], environment: [String: String] = [:],
        input: FileHandle? = nil
    ) throws {
        self.folder = try TemporaryFolder()
        let words =
            through + [Self.roost] + (module.map { [$0] } ?? [])
            + ["--port", "0", "--no-access-log", "--run-dir", self.folder.path] + options
        let errors = Pipe()
        self.process = try StartedProcess(
            words, environment: environment, input: input, error: errors.fileHandleForWriting)
        try? errors.fileHandleForWriting.close()
        self.log.follow(errors.fileHandleForReading)
    }

    /// Starts it, and waits until it serves.
    convenience init(
        _ module: String?, _ options: [String] = [], through: [String] = [], environment: [String: String] = [:],
        input: FileHandle? = nil
    ) throws {
        try self.init(starting: module, options, through: through, environment: environment, input: input)
        try self.log.wait(for: " serving ")
    }

    /// A case that failed leaves nobody behind.
    deinit {
        guard self.process.isRunning else { return }
        let children = self.workers
        kill(self.identifier, SIGKILL)
        for child in children { kill(child, SIGKILL) }
        _ = self.process.waitUntilExit()
    }

    /// The supervisor: it says so itself, for it may have been started by another command.
    var identifier: Int32 {
        let line = self.log.all(" serving ").first ?? ""
        return Log.field("pid", of: line).flatMap { Int32($0) } ?? self.process.identifier
    }

    /// The child processes of the supervisor.
    var workers: [Int32] { ProcessFigures(self.identifier).children }

    var urls: [String] {
        let line = self.log.all(" serving ").first ?? ""
        return Log.field("url", of: line)?.components(separatedBy: ",") ?? []
    }

    var port: Int { self.urls.first?.split(separator: ":").last.flatMap { Int($0) } ?? -1 }

    func client() throws -> RawClient { try RawClient(port: self.port) }

    /// One request on a connection of its own.
    func ask(_ path: String) throws -> Response {
        let client = try self.client()
        client.send(Case.get(path))
        return try client.readResponse()
    }

    // MARK: Commands

    /// `roost status`, `roost reload`, `roost stop`.
    func command(_ word: String, _ options: String...) throws -> Command { try self.command(word, options) }

    func command(_ word: String, _ options: [String]) throws -> Command {
        try Command.run(self.words(word, options))
    }

    private func words(_ word: String, _ options: [String]) -> [String] {
        ["timeout", "\(Time.patience)", Self.roost, word, "--run-dir", self.folder.path] + options
    }

    /// The same, without waiting for its end.
    func begin(_ word: String, _ options: String...) {
        let words = self.words(word, options)
        Thread { _ = try? Command.run(words) }.start()
    }

    func status() throws -> Status {
        let answer = try self.command("status", "--json")
        guard answer.status == 0 else { throw UnexpectedResult("roost status: \(answer.status) \(answer.error)") }
        return try JSONDecoder().decode(Status.self, from: Data(answer.output.utf8))
    }

    func reload(_ options: String...) throws {
        let answer = try self.command("reload", options)
        guard answer.status == 0 else { throw UnexpectedResult("roost reload: \(answer.status) \(answer.error)") }
    }

    /// Waits until so many workers are ready, and there is no other; says their processes.
    @discardableResult
    func waitForWorkers(_ count: Int, seconds: Int = Time.patience) throws -> [Int32] {
        var ready: [Int32] = []
        try wait(for: "\(count) workers", seconds: seconds) {
            let workers = try self.status().workers
            ready = workers.filter { $0.state == "ready" }.map(\.pid)
            return ready.count == count && workers.count == count
        }
        return ready
    }

    // MARK: The end

    func signal(_ number: Int32) { kill(self.identifier, number) }

    /// Waits until all of it has ended; says the exit status.
    func waitForEnd(seconds: Int = Time.patience) throws -> Int32 {
        try self.log.waitForEnd(seconds: seconds)
        return self.process.waitUntilExit()
    }

    /// Ends it; fails when it does not end well.
    func stop() throws {
        self.signal(SIGTERM)
        try expect("exit status", try self.waitForEnd(), 0)
    }
}
