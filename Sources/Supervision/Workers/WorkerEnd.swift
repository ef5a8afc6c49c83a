import Glibc
import Logging
import ModuleRuntime
import RoostDeployment
import RoostModules
import RoostSystem

/// The end of a worker: finds its cause and the responsible application, and logs both.
struct WorkerEnd {
    /// The cause of a worker's end.
    struct Cause {
        /// `nil` if it ended as requested.
        var reason: String?
        /// Whether it crashed, or exited in a way that only a module can cause.
        var isCrash = false
        /// The responsible generation; `nil` if there is none or it is unknown.
        var culprit: PreparedApplication?
    }

    private let worker: WorkerHandle
    /// The status as `waitpid` returns it.
    private let status: CInt
    private let wasReady: Bool
    /// The applications that the worker may have loaded.
    private let rosters: [Roster]
    private let logger: Logger

    init(of worker: WorkerHandle, status: CInt, wasReady: Bool, rosters: [Roster], _ logger: Logger) {
        self.worker = worker
        self.status = status
        self.wasReady = wasReady
        self.rosters = rosters
        self.logger = logger
    }

    /// Finds the cause and logs it.
    func logCause() -> Cause {
        let signal = self.status & 0x7f
        let code = (self.status >> 8) & 0xff
        if let crash = self.worker.page.crash {
            guard !crash.isHostFault(isModule: { self.application(of: $0) != nil }) else {
                return Cause(reason: self.logHostFault(crash), isCrash: true)
            }
            let culprit = self.application(of: crash)
            return Cause(reason: self.log(crash, culprit, status: code), isCrash: true, culprit: culprit)
        }
        if signal == SIGKILL, let reason = self.worker.killReason {
            return Cause(reason: self.worker.refusal ?? reason)
        }
        if signal != 0 {
            // No crash report: a module has replaced the signal handler, or an operator or the kernel's OOM killer sent
            // SIGKILL.
            let isCrash = signal != SIGKILL && signal != SIGTERM
            return self.logExit(
                ["signal": "\(SignalName(signal))"], "killed by \(SignalName(signal))", isCrash: isCrash)
        }
        guard self.worker.refusal == nil, code != 0 || !self.worker.page.hasLeft else {
            self.logger.log(.workerStopped, self.worker.logFields(["status": "\(code)"]))
            return Cause(reason: self.worker.refusal)
        }
        // Neither a crash report nor the mark that `Worker.exit` leaves: a module has called exit_group(2). If no
        // application was called yet, the start of the worker itself failed.
        let isCrash = !self.worker.page.hasLeft && (self.wasReady || !self.worker.page.called.isEmpty)
        return self.logExit(["status": "\(code)"], "exited with status \(code)", isCrash: isCrash)
    }

    /// Logs that the worker was never ready.
    func logStartFailure(_ reason: String) {
        var fields = self.worker.logFields(["reason": "\(reason)"])
        let lines = self.worker.refusal == nil ? self.worker.lastLines.suffix(5) : []
        if !lines.isEmpty { fields["output"] = "\(lines.joined(separator: "\n"))" }
        self.logger.log(.workerNotReady, fields)
    }

    // MARK: Responsible application

    private func application(_ number: UInt32?) -> PreparedApplication? {
        number.flatMap { number in self.rosters.lazy.compactMap { $0[number]?.prepared }.first }
    }

    /// The responsible application: the one that was being called, in the generation whose code is on the stack.
    /// Otherwise the one whose code is on the stack, otherwise the worker's only one.
    private func application(of crash: CrashReport) -> PreparedApplication? {
        let onStack = crash.frames.compactMap { self.application(of: $0) }
        if let number = crash.application {
            let named = self.application(number)
            // A previous generation may still serve requests.
            return onStack.first { $0.key.resolved == named?.key.resolved } ?? named
        }
        return onStack.first ?? self.onlyApplication
    }

    /// The application with the frame's library: its own copy, or a private library in the same folder. Frames hold the
    /// end of a path.
    private func application(of frame: CrashReport.Frame) -> PreparedApplication? {
        guard !frame.isHost, !frame.library.isEmpty else { return nil }
        let folder = frame.library.split(separator: "/").dropLast().last
        return self.worker.images.applications.first { path, _ in
            path.hasSuffix(frame.library) || (folder != nil && path.split(separator: "/").dropLast().last == folder)
        }?.value
    }

    private var onlyApplication: PreparedApplication? {
        let all = self.rosters.flatMap(\.generations)
        return Set(all.map(\.hash)).count == 1 ? all.first : nil
    }

    // MARK: Log

    /// Logs a crash or an exit caused by an application. Returns the short form.
    private func log(_ crash: CrashReport, _ application: PreparedApplication?, status: CInt) -> String {
        var fields = self.worker.logFields()
        fields["application"] = "\(application?.name ?? "")"
        fields["generation"] = "\(application?.hash ?? "")"
        Self.describe(crash, in: &fields)
        fields["stack"] = "\(crash.stack)"
        if crash.signal == 0 { fields["exit"] = "\(status)" }
        let place = crash.place(in: application?.staged.path ?? "")?.text
        if let place { fields["function"] = "\(place)" }
        self.logger.log(.workerCrashed, fields)
        let end = crash.signal == 0 ? "called exit (status \(status))" : "crashed with \(SignalName(crash.signal))"
        return end + (place.map { " in \($0)" } ?? "")
    }

    /// Logs a crash in Roost's own code, for which no application is responsible. Returns the short form.
    private func logHostFault(_ crash: CrashReport) -> String {
        var fields = self.worker.logFields(["fault": "roost"])
        if let application = self.application(crash.application) { fields["while-calling"] = "\(application.name)" }
        Self.describe(crash, in: &fields)
        fields["stack"] = "\(crash.wholeStack)"
        let place = crash.frames.first(where: \.isHost)?.text
        if let place { fields["function"] = "\(place)" }
        self.logger.log(.workerCrashed, fields)
        return "crashed with \(SignalName(crash.signal))\(place.map { " in \($0)" } ?? "") (a fault of Roost)"
    }

    private static func describe(_ crash: CrashReport, in fields: inout Logger.Metadata) {
        Self.describeRequest(crash, in: &fields)
        if crash.address != 0 { fields["address"] = "0x\(String(crash.address, radix: 16))" }
        if crash.signal != 0 { fields["signal"] = "\(SignalName(crash.signal))" }
    }

    private static func describeRequest(_ report: CrashReport, in fields: inout Logger.Metadata) {
        if !report.method.isEmpty { fields["method"] = "\(report.method)" }
        if !report.path.isEmpty { fields["path"] = "\(report.path)" }
    }

    /// Logs an end without a crash report, and the applications that were being called. An application is responsible
    /// if it was the only one called, or is the worker's only one.
    private func logExit(_ facts: Logger.Metadata, _ reason: String, isCrash: Bool) -> Cause {
        var fields = self.worker.logFields(facts)
        guard isCrash else {
            self.logger.log(.workerExited, fields)
            return Cause(reason: reason)
        }
        let called = self.worker.page.called.sorted().compactMap { self.application($0) }
        let culprit = called.count == 1 ? called[0] : self.onlyApplication
        if let culprit {
            fields["application"] = "\(culprit.name)"
            fields["generation"] = "\(culprit.hash)"
        } else {
            let all = called.isEmpty ? self.rosters.first?.generations ?? [] : called
            fields["one-of"] = "\(Set(all.map(\.name)).sorted().joined(separator: ","))"
        }
        self.logger.log(.workerExited, fields)
        return Cause(reason: reason, isCrash: true, culprit: culprit)
    }

    /// Logs the report of a stalled loop.
    static func logStall(_ stall: CrashReport, of worker: WorkerHandle, _ rosters: [Roster], _ logger: Logger) {
        var fields = worker.logFields()
        let application = stall.application.flatMap { number in
            rosters.lazy.compactMap { $0[number]?.prepared }.first
        }
        if let application {
            fields["application"] = "\(application.name)"
            fields["generation"] = "\(application.hash)"
        }
        Self.describeRequest(stall, in: &fields)
        fields["stack"] = "\(stall.stack)"
        if let place = stall.place(in: application?.staged.path ?? "")?.text { fields["function"] = "\(place)" }
        logger.log(.eventLoopStalled, fields)
    }
}
