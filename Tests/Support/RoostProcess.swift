import Foundation

/// A running `roost` command.
public final class RoostProcess {
    public enum Failure: Error {
        case ended(status: Int32, error: String)
        /// Standard error was silent for a minute.
        case silent(error: String)
    }

    private let process: StartedProcess
    private let output = TemporaryStream()
    private let errors = Pipe()
    private var seen = ""

    /// Starts the command and waits until it logs where it serves. Throws if it exits before.
    public init(
        _ arguments: [String], command: String = Repository.roost, environment: [String: String] = [:],
        folder: String? = nil
    ) throws {
        self.process = try StartedProcess(
            [command] + arguments, environment: environment, folder: folder, output: self.output.handle,
            error: self.errors.fileHandleForWriting)
        try? self.errors.fileHandleForWriting.close()
        while !self.isServing {
            let more = self.errors.fileHandleForReading.availableData
            guard !more.isEmpty else {
                throw Failure.ended(status: self.process.waitUntilExit(), error: self.seen)
            }
            self.seen += String(decoding: more, as: UTF8.self)
        }
    }

    deinit { if self.process.isRunning { kill(self.process.identifier, SIGKILL) } }

    /// Whether it has logged the event `serving`, as text or as JSON.
    private var isServing: Bool {
        self.seen.contains("info     serving ") || self.seen.contains(#""message":"serving""#)
    }

    /// Standard error so far.
    public var error: String { self.seen }

    /// Standard output so far.
    public var outputText: String { self.output.text }

    /// Reads standard error until it contains `text`.
    public func waitFor(_ text: String) throws {
        while !self.seen.contains(text) {
            var wait = pollfd(fd: self.errors.fileHandleForReading.fileDescriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&wait, 1, 60_000) > 0 else { throw Failure.silent(error: self.seen) }
            let more = self.errors.fileHandleForReading.availableData
            guard !more.isEmpty else { throw Failure.ended(status: -1, error: self.seen) }
            self.seen += String(decoding: more, as: UTF8.self)
        }
    }

    /// Reads and discards the rest of standard error, because a pipe that is not read fills up.
    public func ignoreErrors() {
        let pipe = self.errors.fileHandleForReading
        Thread { while !pipe.availableData.isEmpty {} }.start()
    }

    /// The port that the command listens on.
    public var port: Int {
        let text = self.seen.replacingOccurrences(of: #""url":"http://"#, with: "url=http://")
        let digits = text.components(separatedBy: "url=http://").last?.split(separator: ":").dropFirst().first?
            .prefix { $0.isNumber }
        return digits.flatMap { Int($0) } ?? -1
    }

    public var identifier: Int32 { self.process.identifier }

    /// Sends a signal (SIGTERM by default), reads standard error to its end, and returns the exit status. Unless that is
    /// 0, the log is printed, since the reason of an unclean shutdown is only there.
    public func stop(_ signal: Int32 = 15) -> Int32 {
        kill(self.process.identifier, signal)
        let status = self.waitForEnd()
        if status != 0 { print("exit status \(status) after signal \(signal); the log:\n\(self.seen)") }
        return status
    }

    public func waitForEnd() -> Int32 {
        while true {
            let more = self.errors.fileHandleForReading.availableData
            guard !more.isEmpty else { break }
            self.seen += String(decoding: more, as: UTF8.self)
        }
        return self.process.waitUntilExit()
    }
}
