import CSpawn
public import Foundation

/// A child process of a test. Thread-safe.
///
/// Foundation's `Process` is not used. With more than a thousand open descriptors it reads past the buffer of a
/// directory while it looks for the highest descriptor (`findMaximumOpenFromProcSelfFD`, Swift 6.3), which crashed the
/// tests now and then.
public final class StartedProcess: Sendable {
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    public let identifier: Int32
    private let lock = NSLock()
    private nonisolated(unsafe) var status: Int32?

    /// Starts a program. The first of `words` is its path. `environment` is added to this process's environment. The
    /// caller owns the streams; a stream that is nil is /dev/null.
    public init(
        _ words: [String], environment: [String: String] = [:], folder: String? = nil, input: FileHandle? = nil,
        output: FileHandle? = nil, error: FileHandle? = nil
    ) throws {
        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }.map { "\($0)=\($1)" }
        var arguments = words.map { strdup($0) } + [nil]
        var settings = variables.map { strdup($0) } + [nil]
        defer { for text in arguments + settings { free(text) } }
        let nothing = open("/dev/null", O_RDWR | O_CLOEXEC)
        defer { close(nothing) }
        let streams = [input, output, error].map { $0?.fileDescriptor ?? nothing }
        var child = pid_t()
        let code = spawn_program(words[0], &arguments, &settings, folder, streams, &child)
        guard code == 0 else {
            throw Failure(description: "\(words[0]) cannot be started: \(String(cString: strerror(code)))")
        }
        self.identifier = child
    }

    public var isRunning: Bool { self.reap(WNOHANG) == nil }

    /// Waits until the process exits. Returns its exit status, or the number of the signal that killed it.
    public func waitUntilExit() -> Int32 {
        // Waits without reaping, so that other threads can use `isRunning` meanwhile.
        var ended = siginfo_t()
        while waitid(P_PID, id_t(self.identifier), &ended, WEXITED | WNOWAIT) < 0, errno == EINTR {}
        return self.reap(0) ?? -1
    }

    private func reap(_ options: Int32) -> Int32? {
        self.lock.withLock {
            if let status { return status }
            var raw: Int32 = 0
            var found = waitpid(self.identifier, &raw, options)
            while found < 0, errno == EINTR { found = waitpid(self.identifier, &raw, options) }
            guard found == self.identifier else { return nil }
            // WIFEXITED, WEXITSTATUS and WTERMSIG, which Swift does not import.
            self.status = raw & 0x7f == 0 ? raw >> 8 & 0xff : raw & 0x7f
            return self.status
        }
    }
}
