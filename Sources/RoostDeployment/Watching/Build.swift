import CLinux
package import Glibc
import RoostSystem

/// A build command that runs: `sh -c COMMAND`, in a process group of its own. For one thread.
package final class Build {
    private let process: pid_t
    /// Readable when it says something; -1: it will say nothing more.
    package private(set) var descriptor: CInt
    /// Its last words.
    package private(set) var output: [UInt8] = []
    private let begun = MonotonicClock.milliseconds
    private static let mostOutput = 64 << 10
    /// How long who was told to end has for it, milliseconds.
    private static let patience = 2000
    private var killAt: Int?

    /// Starts it. Throws `HostError`.
    package init(_ command: String) throws {
        var ends: [CInt] = [-1, -1]
        guard roost_pipe_make(&ends, 1) == 0 else {
            throw HostError(
                code: .exhausted, message: "cannot create a pipe to a build: \(String(cString: strerror(errno)))")
        }
        defer { close(ends[1]) }
        do {
            self.process = try Self.spawn(command, output: ends[1], ownGroup: true)
        } catch {
            close(ends[0])
            throw error
        }
        self.descriptor = ends[0]
    }

    deinit { if self.descriptor >= 0 { close(self.descriptor) } }

    private static func spawn(_ command: String, output: CInt, ownGroup: Bool) throws -> pid_t {
        let null = open("/dev/null", O_RDONLY | O_CLOEXEC)
        defer { if null >= 0 { close(null) } }
        return try ChildProcess.start(
            "/bin/sh", ["sh", "-c", command], environment: ChildProcess.environment(),
            descriptors: [(null, as: 0), (output, as: 1), (output, as: 2)], ownGroup: ownGroup, purpose: "the build")
    }

    /// Runs one to its end, with its words on standard error. False: it has failed. Throws `HostError`.
    package static func run(_ command: String) throws -> Bool {
        let process = try Self.spawn(command, output: 2, ownGroup: false)
        var status: CInt = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        return status == 0
    }

    /// Milliseconds since it began.
    package var time: Int { MonotonicClock.milliseconds - self.begun }

    /// When it is to be looked at though it says nothing. Its end is a signal.
    package var due: Int? { self.killAt }

    /// What is waited for.
    package var waits: [pollfd] {
        self.descriptor < 0 ? [] : [pollfd(fd: self.descriptor, events: Int16(POLLIN), revents: 0)]
    }

    /// Tells it to end: all that it has started.
    package func cancel() {
        kill(-self.process, SIGTERM)
        self.killAt = MonotonicClock.milliseconds + Self.patience
    }

    /// Takes what it says. Its status when it has ended.
    package func poll(now: Int) -> CInt? {
        self.readOutput()
        if let killAt, now >= killAt {
            kill(-self.process, SIGKILL)
            self.killAt = .max
        }
        var ended = siginfo_t()
        guard waitid(P_PID, id_t(self.process), &ended, WEXITED | WNOHANG | WNOWAIT) == 0,
            ended._sifields._sigchld.si_pid == self.process
        else { return nil }
        // What it has started ends with one that was cancelled. Its number is nobody else's before it is taken.
        if self.killAt != nil { kill(-self.process, SIGKILL) }
        var status: CInt = 0
        waitpid(self.process, &status, 0)
        self.readOutput()
        return status
    }

    private func readOutput() {
        var part = [UInt8](repeating: 0, count: 16 << 10)
        while self.descriptor >= 0 {
            let count = read(self.descriptor, &part, part.count)
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN { return }
            guard count > 0 else {
                close(self.descriptor)
                self.descriptor = -1
                return
            }
            self.output = (self.output + part[..<count]).suffix(Self.mostOutput)
        }
    }

    /// It is over with everything: nothing of it goes on.
    package func end() {
        kill(-self.process, SIGKILL)
        var status: CInt = 0
        while waitpid(self.process, &status, 0) < 0, errno == EINTR {}
    }
}
