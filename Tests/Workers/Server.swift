import Foundation
import TestHarness
import TestSupport

/// A supervised server under test: the release build, with its own run directory.
final class Server {
    static let roost = "\(Repository.root)/.build/release/roost"

    let log = Log()
    private let folder: TemporaryFolder
    private let process: StartedProcess

    /// Starts the server. `module`: `nil` if the options name the applications. `through`: a command that starts the
    /// server in turn. `input`: its standard input.
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

    /// Starts the server and waits until it is serving.
    convenience init(
        _ module: String?, _ options: [String] = [], through: [String] = [], environment: [String: String] = [:],
        input: FileHandle? = nil
    ) throws {
        try self.init(starting: module, options, through: through, environment: environment, input: input)
        try self.log.wait(for: "info     serving ")
    }

    /// Kills the processes that a failed case has left.
    deinit {
        guard self.process.isRunning else { return }
        let children = self.workers
        kill(self.identifier, SIGKILL)
        for child in children { kill(child, SIGKILL) }
        _ = self.process.waitUntilExit()
    }

    /// The process id of the supervisor, from its log, since another command may have started it.
    var identifier: Int32 {
        let line = self.log.all("info     serving ").first ?? ""
        return Log.field("pid", of: line).flatMap { Int32($0) } ?? self.process.identifier
    }

    /// The child processes of the supervisor.
    var workers: [Int32] { ProcessFigures(self.identifier).children }

    var urls: [String] {
        let line = self.log.all("info     serving ").first ?? ""
        return Log.field("url", of: line)?.components(separatedBy: ",") ?? []
    }

    var port: Int { self.urls.first?.split(separator: ":").last.flatMap { Int($0) } ?? -1 }

    func client() throws -> RawClient { try RawClient(port: self.port) }

    /// Sends one request on a connection of its own.
    func ask(_ path: String) throws -> Response {
        let client = try self.client()
        client.send(Case.get(path))
        return try client.readResponse()
    }

    // MARK: Commands

    /// Runs `roost status`, `roost reload` or `roost stop`.
    func command(_ word: String, _ options: String...) throws -> Command { try self.command(word, options) }

    func command(_ word: String, _ options: [String]) throws -> Command {
        try Command.run(self.words(word, options))
    }

    private func words(_ word: String, _ options: [String]) -> [String] {
        ["timeout", "\(Time.patience)", Self.roost, word, "--run-dir", self.folder.path] + options
    }

    /// Starts such a command without waiting for it.
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

    /// Waits until exactly this number of workers is running, and all are ready. Returns their process ids.
    @discardableResult
    func waitForWorkers(_ count: Int, seconds: Int = Time.patience) throws -> [Int32] {
        var ready: [Int32] = []
        try wait(for: "\(count) ready workers", seconds: seconds) {
            let workers = try self.status().workers
            ready = workers.filter { $0.state == "ready" }.map(\.pid)
            return ready.count == count && workers.count == count
        }
        return ready
    }

    // MARK: End

    func signal(_ number: Int32) { kill(self.identifier, number) }

    /// Waits until all processes have ended. Returns the exit status of the supervisor.
    func waitForEnd(seconds: Int = Time.patience) throws -> Int32 {
        try self.log.waitForEnd(seconds: seconds)
        return self.process.waitUntilExit()
    }

    /// Stops the server. Throws if the exit status is not 0.
    func stop() throws {
        self.signal(SIGTERM)
        try expect("exit status", try self.waitForEnd(), 0)
    }
}
