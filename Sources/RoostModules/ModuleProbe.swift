import CLinux
import Glibc
package import RoostSystem

/// Loads modules in a child process, and receives the child's reports.
package struct ModuleProbe: Sendable {
    /// The path of the `roost` executable.
    package var command: String
    /// Time limit for loading a module, in seconds.
    package var time: Int

    package init(command: String = ChildProcess.ownCommand, time: Int = 10) {
        self.command = command
        self.time = time
    }

    /// A module to load.
    package struct Module {
        package let path: String
        package let symbol: String
        package var libraries: [PrivateLibrary] = []

        package init(path: String, symbol: String, libraries: [PrivateLibrary] = []) {
            self.path = path
            self.symbol = symbol
            self.libraries = libraries
        }
    }

    /// Loads the modules in one child, one after another. If a module ends the child, a new child continues with the
    /// next module. A report contains the fault of its module or of the child.
    package func reports(of modules: [Module], privileges: Privileges = Privileges()) -> [ProbeReport] {
        var reports: [ProbeReport] = []
        while reports.count < modules.count {
            do {
                reports += try self.ask(modules[reports.count...], privileges)
            } catch {
                let report = ProbeReport(fault: "\(error)")
                reports += Array(repeating: report, count: modules.count - reports.count)
            }
        }
        return reports
    }

    /// Returns the reports of one child: at least one. The last one may say how the child ended.
    private func ask(_ modules: ArraySlice<Module>, _ privileges: Privileges) throws -> [ProbeReport] {
        var ends: [CInt] = [-1, -1]
        guard roost_pipe_make(&ends, 0) == 0 else { throw Self.error("cannot create a pipe") }
        defer { close(ends[0]) }
        let child: pid_t
        do {
            defer { close(ends[1]) }
            let order = try ProbeOrder(privileges: privileges, modules: Array(modules)).makeFile()
            defer { close(order) }
            child = try ChildProcess.start(
                self.command, ["roost", "probe"], environment: ChildProcess.environment(),
                // The output of a module's constructors goes to the log.
                descriptors: [
                    (0, as: 0), (2, as: 1), (2, as: 2), (ends[1], as: ProbeReport.descriptor),
                    (order, as: ProbeOrder.descriptor),
                ],
                purpose: "the probe"
            )
        }
        var (reports, ending) = self.read(ends[0], most: modules.count)
        // After closing the pipe the child exits within the time limit, unless a module has closed the pipe.
        let patience = ending == .closed ? self.time * 1000 : 0
        let (status, isKilled) = Self.waitForEnd(of: child, until: MonotonicClock.milliseconds + patience)
        guard reports.count < modules.count else { return reports }
        if ending == .flooded {
            reports.append(ProbeReport(fault: "wrote into the probe's report"))
        } else if isKilled {
            reports.append(ProbeReport(fault: "did not load within \(self.time) seconds (--probe-timeout)"))
        } else {
            let signal = status & 0x7f
            reports.append(
                ProbeReport(
                    fault: signal == 0
                        ? "ended the process while loading (status \(status >> 8))"
                        : "crashed with \(SignalName(signal)) while loading"))
        }
        return reports
    }

    /// Maximum size of a report, in bytes.
    private static let longestReport = 1 << 20

    /// How reading the reports ended.
    private enum Ending {
        case complete
        /// The child closed the pipe.
        case closed
        case late
        /// A module wrote data that is not a report.
        case flooded
    }

    /// Waits for the child until `end`, then kills it.
    private static func waitForEnd(of child: pid_t, until end: Int) -> (status: CInt, isKilled: Bool) {
        var status: CInt = 0
        while MonotonicClock.milliseconds < end {
            let ended = waitpid(child, &status, WNOHANG)
            if ended == child || (ended < 0 && errno != EINTR) { return (status, false) }
            usleep(1000)
        }
        kill(child, SIGKILL)
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        return (status, true)
    }

    /// Reads reports until all have arrived, the pipe is closed, or a report exceeds the limit of time or size. The
    /// module can write to the pipe, and close it.
    private func read(_ descriptor: CInt, most: Int) -> (reports: [ProbeReport], ending: Ending) {
        var buffer = MessageBuffer<ProbeReport>(limit: Self.longestReport)
        var reports: [ProbeReport] = []
        var part = [UInt8](repeating: 0, count: 4096)
        var end = MonotonicClock.milliseconds + self.time * 1000
        while reports.count < most {
            var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let left = end - MonotonicClock.milliseconds
            let ready = poll(&wait, 1, CInt(clamping: max(left, 0)))
            if ready == 0 || left <= 0 { return (reports, .late) }
            if ready < 0, errno == EINTR { continue }
            let count = Glibc.read(descriptor, &part, part.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return (reports, .closed) }
            // A module wrote the invalid data.
            guard let new = try? buffer.receive(part[..<count]) else { return (reports, .flooded) }
            reports += new.prefix(most - reports.count)
            guard buffer.fault == nil || reports.count == most else { return (reports, .flooded) }
            guard !new.isEmpty else { continue }
            end = MonotonicClock.milliseconds + self.time * 1000
        }
        return (reports, .complete)
    }

    private static func error(_ what: String) -> HostError {
        HostError(code: .module, message: "\(what): \(String(cString: strerror(errno)))")
    }
}

extension ModuleProbe.Module: MessageCodable {
    package static var leastSize: Int { 12 }

    package func encode(to writer: inout MessageWriter) {
        writer.write(self.path)
        writer.write(self.symbol)
        writer.write(self.libraries)
    }

    package init(from reader: inout MessageReader) throws(MessageFault) {
        self.path = try reader.read()
        self.symbol = try reader.read()
        self.libraries = try reader.readList()
    }
}
