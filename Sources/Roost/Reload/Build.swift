import CLinux
import Glibc

/// A build command that runs: `sh -c COMMAND`, in a process group of its own. For one thread.
public final class Build {
    private let process: pid_t
    /// Readable when it says something, or has ended.
    let descriptor: CInt
    /// Its last words.
    private(set) var output: [UInt8] = []
    private let begun = MonotonicClock.milliseconds
    private static let mostOutput = 64 << 10
    /// How long who was told to end has for it, milliseconds.
    private static let patience = 2000
    private var killAt: Int?

    /// Starts it. Throws `HostError`.
    init(_ command: String) throws {
        var ends: [CInt] = [-1, -1]
        guard roost_pipe_make(&ends, 1) == 0 else {
            throw HostError(code: .exhausted, message: "no pipe to a build: \(String(cString: strerror(errno)))")
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

    deinit { close(self.descriptor) }

    private static func spawn(_ command: String, output: CInt, ownGroup: Bool) throws -> pid_t {
        let null = open("/dev/null", O_RDONLY | O_CLOEXEC)
        defer { if null >= 0 { close(null) } }
        return try ChildProcess.start(
            "/bin/sh", ["sh", "-c", command], environment: ChildProcess.environment(),
            descriptors: [(null, as: 0), (output, as: 1), (output, as: 2)], ownGroup: ownGroup, purpose: "the build")
    }

    /// Runs one to its end, with its words on standard error. False: it has failed. Throws `HostError`.
    public static func run(_ command: String) throws -> Bool {
        let process = try Self.spawn(command, output: 2, ownGroup: false)
        var status: CInt = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        return status == 0
    }

    /// Milliseconds since it began.
    var time: Int { MonotonicClock.milliseconds - self.begun }

    /// When it is to be looked at though it says nothing.
    var due: Int? { self.killAt }

    /// Tells it to end: all that it has started.
    func cancel() {
        kill(-self.process, SIGTERM)
        self.killAt = MonotonicClock.milliseconds + Self.patience
    }

    /// Takes what it says. Its status when it has ended.
    func look(now: Int) -> CInt? {
        var part = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = read(self.descriptor, &part, part.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            self.output = (self.output + part[..<count]).suffix(Self.mostOutput)
        }
        if let killAt, now >= killAt {
            kill(-self.process, SIGKILL)
            self.killAt = nil
        }
        var status: CInt = 0
        let ended = waitpid(self.process, &status, WNOHANG)
        // As the first process of a container this one may have taken its status already.
        guard ended == self.process || (ended < 0 && errno == ECHILD) else { return nil }
        return ended < 0 ? 1 : status
    }

    /// It is over with everything: nothing of it goes on.
    func end() {
        kill(-self.process, SIGKILL)
        var status: CInt = 0
        while waitpid(self.process, &status, 0) < 0, errno == EINTR {}
    }
}
