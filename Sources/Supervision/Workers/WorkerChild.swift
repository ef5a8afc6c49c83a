import CLinux
import Glibc
import Middleware
import ModuleRuntime
import RoostDeployment
import RoostSystem

/// A started worker process, and the supervisor's ends of its channel, of its standard error and of the shared page.
/// For the supervisor's one thread.
///
/// The process is not killed with this object: `deinit` closes the descriptors only.
final class WorkerChild {
    /// What a process is started with. A started process can serve in place of another one only if all is equal.
    struct Setup: Equatable {
        let program: WorkerProgram
        /// The environment variables that are set for the worker.
        let variables: [String: String]
        /// The descriptors of the listening sockets.
        let listeners: [CInt]
    }

    let setup: Setup
    let process: pid_t
    let page: WorkerPage
    let channel: CInt
    /// The pipe from the worker's standard error; -1 once closed.
    private(set) var errors: CInt

    /// The table of rate limits of all workers.
    private static let rates = RateLimitTable()

    /// Starts the process. Throws `HostError`.
    init(_ setup: Setup) throws {
        guard let rates = Self.rates, let page = WorkerPage() else {
            throw HostError(
                code: .exhausted, message: "out of memory for a worker: \(String(cString: strerror(errno)))")
        }
        var ends: [CInt] = [-1, -1]
        let kind = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            throw HostError(
                code: .exhausted, message: "cannot create a channel to a worker: \(String(cString: strerror(errno)))")
        }
        defer { close(ends[1]) }
        var pipes: [CInt] = [-1, -1]
        guard roost_pipe_make(&pipes, 0) == 0 else {
            close(ends[0])
            throw HostError(
                code: .exhausted, message: "cannot create a pipe to a worker: \(String(cString: strerror(errno)))")
        }
        defer { close(pipes[1]) }
        for end in [ends[0], pipes[0]] { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
        var descriptors: [(CInt, as: CInt)] = [
            (0, as: 0), (1, as: 1), (pipes[1], as: 2), (ends[1], as: Worker.channelDescriptor),
            (page.descriptor, as: Worker.pageDescriptor), (2, as: Worker.standardErrorDescriptor),
            (rates.descriptor, as: Worker.ratesDescriptor),
        ]
        for (number, listener) in setup.listeners.enumerated() {
            descriptors.append((listener, as: Worker.firstListenerDescriptor + CInt(number)))
        }
        do {
            self.process = try ChildProcess.start(
                setup.program.path, setup.program.words,
                environment: ChildProcess.environment(with: setup.variables), descriptors: descriptors,
                purpose: "the worker")
        } catch {
            close(ends[0])
            close(pipes[0])
            throw error
        }
        self.setup = setup
        self.page = page
        self.channel = ends[0]
        self.errors = pipes[0]
    }

    deinit {
        close(self.channel)
        self.closeErrors()
    }

    func closeErrors() {
        if self.errors >= 0 { close(self.errors) }
        self.errors = -1
    }

    func kill() { Glibc.kill(self.process, SIGKILL) }

    /// Waits until the process, which was killed, has ended.
    func waitForEnd() { while waitpid(self.process, nil, 0) < 0, errno == EINTR {} }

    /// Returns the status of the process as `waitpid` does; nil if it has not ended. Called until then only.
    func reap() -> CInt? {
        var status: CInt = 0
        return waitpid(self.process, &status, WNOHANG) == self.process ? status : nil
    }
}
