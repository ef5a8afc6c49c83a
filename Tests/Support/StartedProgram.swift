import Foundation

/// A running program whose standard output is read by lines. Reading throws if the program is silent for a minute.
public final class StartedProgram {
    public enum Failure: Error {
        case silent(soFar: String)
        case ended(soFar: String)
    }

    private let process: StartedProcess
    private let output = Pipe()
    private var seen = ""

    /// Starts the program with line-buffered output, although it writes to a pipe.
    public init(_ words: [String], folder: String) throws {
        self.process = try StartedProcess(
            ["/usr/bin/env", "stdbuf", "-oL"] + words, folder: folder, output: self.output.fileHandleForWriting,
            error: .standardError)
        try? self.output.fileHandleForWriting.close()
    }

    deinit { if self.process.isRunning { kill(self.process.identifier, SIGKILL) } }

    /// The next line, without its line feed.
    public func readLine() throws -> String {
        while true {
            if let end = self.seen.firstIndex(of: "\n") {
                defer { self.seen = String(self.seen[self.seen.index(after: end)...]) }
                return String(self.seen[..<end])
            }
            var wait = pollfd(fd: self.output.fileHandleForReading.fileDescriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&wait, 1, 60_000) > 0 else { throw Failure.silent(soFar: self.seen) }
            let more = self.output.fileHandleForReading.availableData
            guard !more.isEmpty else { throw Failure.ended(soFar: self.seen) }
            self.seen += String(decoding: more, as: UTF8.self)
        }
    }

    /// Stops the program with SIGTERM and returns its exit status.
    public func stop() throws -> Int32 {
        kill(self.process.identifier, SIGTERM)
        return self.process.waitUntilExit()
    }
}
