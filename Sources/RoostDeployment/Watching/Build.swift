import CLinux
package import Glibc
import RoostSystem

/// A running build command: `sh -c COMMAND`, in a process group of its own. Must be used from one thread.
package final class Build {
    private let process: pid_t
    /// Readable when there is output; -1 after the end of the output.
    package private(set) var descriptor: CInt
    /// The last part of its output.
    package private(set) var output: [UInt8] = []
    private let begun = MonotonicClock.milliseconds
    private static let maxOutput = 64 << 10
    /// Time between SIGTERM and SIGKILL for a cancelled build, in milliseconds.
    private static let patience = 2000
    private var killAt: Int?

    /// Starts the command. Throws `HostError`.
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

    /// Runs a command to its end, with its output on standard error. Returns false if it failed. Throws `HostError` if
    /// it cannot be started.
    package static func run(_ command: String) throws -> Bool {
        let process = try Self.spawn(command, output: 2, ownGroup: false)
        var status: CInt = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        return status == 0
    }

    /// Milliseconds since the build began.
    package var time: Int { MonotonicClock.milliseconds - self.begun }

    /// When `poll` must be called without output; nil for no such time. The end of the build is reported by SIGCHLD.
    package var due: Int? { self.killAt }

    /// The descriptors to poll.
    package var waits: [pollfd] {
        self.descriptor < 0 ? [] : [pollfd(fd: self.descriptor, events: Int16(POLLIN), revents: 0)]
    }

    /// Sends SIGTERM to the process group; `poll` sends SIGKILL later.
    package func cancel() {
        kill(-self.process, SIGTERM)
        self.killAt = MonotonicClock.milliseconds + Self.patience
    }

    /// Reads the output. Returns the exit status if the build has ended, else nil.
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
        // Kills the remaining processes of a cancelled build. The process id is not reused before `waitpid` is called.
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
            self.output = (self.output + part[..<count]).suffix(Self.maxOutput)
        }
    }

    /// Kills the process group, and waits for the command to exit.
    package func end() {
        kill(-self.process, SIGKILL)
        var status: CInt = 0
        while waitpid(self.process, &status, 0) < 0, errno == EINTR {}
    }
}
