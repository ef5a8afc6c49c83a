import CLinux
import Glibc

/// Has a child process load a module, and takes its report.
public struct ModuleProbe: Sendable {
    /// The command `roost`.
    public var command: String
    /// How long loading may take, seconds.
    public var time: Int

    public init(command: String = "/proc/self/exe", time: Int = 10) {
        self.command = command
        self.time = time
    }

    /// Throws `HostError` when the child cannot be started; what is wrong with the module stands in the report.
    func report(path: String, symbol: String, privileges: Privileges = Privileges()) throws -> ProbeReport {
        var ends: [CInt] = [-1, -1]
        guard roost_pipe_make(&ends, 0) == 0 else { throw Self.error("no pipe") }
        defer { close(ends[0]) }
        let child: pid_t
        do {
            defer { close(ends[1]) }
            child = try ChildProcess.start(
                self.command, ["roost", "probe", path, symbol, privileges.text],
                environment: ChildProcess.environment(),
                // What a constructor prints belongs to the log.
                descriptors: [(0, as: 0), (2, as: 1), (2, as: 2), (ends[1], as: ProbeChild.report)],
                purpose: "the probe"
            )
        }
        let (text, isLate) = self.read(ends[0])
        if isLate { kill(child, SIGKILL) }
        var status: CInt = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        if isLate { return ProbeReport(fault: "was not loaded within \(self.time) seconds (--probe-timeout)") }
        if let report = ProbeReport(text: text) { return report }
        let signal = status & 0x7f
        guard signal != 0 else {
            return ProbeReport(fault: "ended the process while it was loaded (status \(status >> 8))")
        }
        return ProbeReport(fault: "crashed with \(SignalName(signal)) while it was loaded")
    }

    /// Everything until the end, or until the time is up.
    private func read(_ descriptor: CInt) -> (text: String, isLate: Bool) {
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 4096)
        let end = MonotonicClock.milliseconds + self.time * 1000
        while true {
            var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = poll(&wait, 1, CInt(clamping: max(end - MonotonicClock.milliseconds, 0)))
            if ready == 0 { return ("", true) }
            if ready < 0, errno == EINTR { continue }
            let count = Glibc.read(descriptor, &part, part.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0, bytes.count < 1 << 20 else { break }
            bytes.append(contentsOf: part[..<count])
        }
        return (String(decoding: bytes, as: UTF8.self), false)
    }

    private static func error(_ what: String) -> HostError {
        HostError(code: .module, message: "\(what): \(String(cString: strerror(errno)))")
    }
}

/// What people call a signal.
public struct SignalName: CustomStringConvertible {
    public let description: String

    public init(_ number: CInt) {
        self.description =
            switch number {
            case SIGSEGV: "SIGSEGV"
            case SIGABRT: "SIGABRT"
            case SIGBUS: "SIGBUS"
            case SIGILL: "SIGILL"
            case SIGFPE: "SIGFPE"
            case SIGTRAP: "SIGTRAP"
            case SIGKILL: "SIGKILL"
            default: "signal \(number)"
            }
    }
}
