import Glibc
import Logging
import ModuleRuntime
import RoostDeployment
import RoostModules
import RoostSystem

/// The ends of workers: what caused each, which application is responsible, and what is logged.
extension WorkerGroup {
    /// Why a worker has ended.
    private struct Cause {
        var reason: String?
        /// It was a crash, or an exit that only a module can have caused.
        var isCrash = false
        /// The application that is responsible; nil: none, or it is not known.
        var culprit: PreparedApplication?
    }

    package func ended(_ worker: WorkerHandle, _ status: CInt) {
        let member = self.fleet.member(worker.id)
        let wasReady = member.map { $0.state != .starting } ?? true
        let isExpected = self.fleet.isStopping || member?.state == .draining
        let cause = self.cause(of: worker, status, wasReady: wasReady)
        let isNeeded = cause.culprit.map { self.isNeeded($0.hash) } ?? true
        if !wasReady, !isExpected, isNeeded || !cause.isCrash {
            self.logBootFailure(worker, cause.reason ?? "ended", isDeath: worker.refusal == nil)
        }
        if cause.isCrash { self.supervisor.crashes += 1 }
        if !isExpected { self.supervisor.restarts += 1 }
        // A generation that is part of a pending change is left out of it, and does not count against the release.
        let isOfChange = self.settleInChange(worker, cause.culprit, cause.reason ?? "ended")
        self.perform(
            self.fleet.ended(
                worker.id, culprit: cause.isCrash && !isOfChange ? cause.culprit?.hash : nil, isNeeded: isNeeded,
                reason: cause.reason ?? "it ended",
                status: status == 0 && wasReady ? 0 : worker.refusal == nil ? Self.died : Self.failure,
                now: Supervisor.now()))
        self.forgetReleases()
        // Copies that it had mapped may not be needed any more.
        self.supervisor.hasOldCopies = true
    }

    private func cause(of worker: WorkerHandle, _ status: CInt, wasReady: Bool) -> Cause {
        let signal = status & 0x7f
        let code = (status >> 8) & 0xff
        if let crash = worker.page.crash {
            guard !crash.isHostFault(isModule: { self.application(of: $0, in: worker) != nil }) else {
                return Cause(reason: self.logHostFault(crash, of: worker), isCrash: true)
            }
            let culprit = self.application(of: crash, in: worker)
            return Cause(reason: self.log(crash, of: worker, culprit, status: code), isCrash: true, culprit: culprit)
        }
        if signal == SIGKILL, let reason = worker.killed { return Cause(reason: worker.refusal ?? reason) }
        if signal != 0 {
            // Signals that no handler reports, since the module has replaced it: or kill -9, by a person or for want of memory.
            let isCrash = signal != SIGKILL && signal != SIGTERM
            return self.logEnd(of: worker, "was killed by \(SignalName(signal))", isCrash: isCrash)
        }
        guard worker.refusal == nil, code != 0 || !worker.page.hasLeft else {
            self.logger.debug("worker ended", metadata: self.facts(worker).merging(["status": "\(code)"]) { $1 })
            return Cause(reason: worker.refusal)
        }
        // Without a report and without the worker's own mark: a module has called exit_group(2). Before anything was called it is the start
        // of the worker that has failed.
        let isCrash = !worker.page.hasLeft && (wasReady || !worker.page.called.isEmpty)
        return self.logEnd(of: worker, "exited by itself with status \(code)", isCrash: isCrash)
    }

    /// Whether an application with this file is one that a first start cannot do without.
    private func isNeeded(_ hash: String) -> Bool {
        self.roster.members.contains { $0.application?.hash == hash && $0.isRequired }
    }

    /// The application with this number, as the worker has it.
    package func application(_ number: UInt32?, of worker: WorkerHandle) -> PreparedApplication? {
        guard let number else { return nil }
        return self.rosters(of: worker).lazy.compactMap { $0[number]?.application }.first
    }

    private func rosters(of worker: WorkerHandle) -> [Roster] {
        [self.rosters[worker.release], self.change?.roster].compactMap { $0 }
    }

    /// The application that is responsible for a crash or an exit: the one that was called, in the generation whose code is on the stack;
    /// else the one whose code that is; else the only one there is.
    private func application(of crash: CrashReport, in worker: WorkerHandle) -> PreparedApplication? {
        let onStack = crash.frames.compactMap { self.application(of: $0, in: worker) }
        if let number = crash.application {
            let named = self.application(number, of: worker)
            // A previous generation may still have requests.
            return onStack.first { $0.key.resolved == named?.key.resolved } ?? named
        }
        return onStack.first ?? self.onlyApplication(of: worker)
    }

    /// The application whose copy, or whose private library beside it, a frame is in. Frames hold the end of a path.
    private func application(of frame: CrashReport.Frame, in worker: WorkerHandle) -> PreparedApplication? {
        guard !frame.isHost, !frame.library.isEmpty else { return nil }
        let folder = frame.library.split(separator: "/").dropLast().last
        return worker.images.applications.first { path, _ in
            path.hasSuffix(frame.library) || (folder != nil && path.split(separator: "/").dropLast().last == folder)
        }?.value
    }

    private func onlyApplication(of worker: WorkerHandle) -> PreparedApplication? {
        let all = self.rosters(of: worker).flatMap(\.applications)
        return Set(all.map(\.hash)).count == 1 ? all.first : nil
    }

    // MARK: Log

    /// Logs a crash of an application, or its exit. Returns the short form.
    private func log(
        _ crash: CrashReport, of worker: WorkerHandle, _ application: PreparedApplication?, status: CInt
    ) -> String {
        let frame = crash.place(in: application?.staged.path ?? "")
        var facts = self.facts(worker)
        facts["application"] = "\(application?.name ?? "")"
        facts["generation"] = "\(application?.hash ?? "")"
        Self.describe(crash, in: &facts)
        facts["stack"] = "\(crash.stack)"
        let how = crash.signal == 0 ? "called exit (status \(status))" : "crashed with \(SignalName(crash.signal))"
        let place = frame.map { " in \($0.text)" } ?? ""
        return self.log("\(how)\(place)", facts)
    }

    /// Logs a crash in Roost's own code, for which no application is blamed. Returns the short form.
    private func logHostFault(_ crash: CrashReport, of worker: WorkerHandle) -> String {
        var facts = self.facts(worker)
        facts["fault"] = "roost"
        if let application = self.application(crash.application, of: worker) {
            facts["while-calling"] = "\(application.name)"
        }
        Self.describe(crash, in: &facts)
        facts["stack"] = "\(crash.wholeStack)"
        let place = crash.frames.first(where: \.isHost).map { " in \($0.text)" } ?? ""
        return self.log(
            "crashed with \(SignalName(crash.signal))\(place): a fault of Roost itself, please report it", facts)
    }

    private static func describe(_ crash: CrashReport, in facts: inout Logger.Metadata) {
        if !crash.method.isEmpty { facts["method"] = "\(crash.method)" }
        if !crash.path.isEmpty { facts["path"] = "\(crash.path)" }
        if crash.address != 0 { facts["address"] = "0x\(String(crash.address, radix: 16))" }
        if crash.signal != 0 { facts["signal"] = "\(SignalName(crash.signal))" }
    }

    private func log(_ what: String, _ facts: Logger.Metadata) -> String {
        self.supervisor.lastCrash = what
        self.logger.error("worker \(what)", metadata: facts)
        return what
    }

    /// Logs an end without a report, with the applications that were being called. One is responsible if it is the only one, or the only one
    /// that the worker has.
    private func logEnd(of worker: WorkerHandle, _ what: String, isCrash: Bool) -> Cause {
        var facts = self.facts(worker)
        guard isCrash else {
            self.logger.error("worker \(what)", metadata: facts)
            return Cause(reason: what)
        }
        let called = worker.page.called.sorted().compactMap { self.application($0, of: worker) }
        let culprit = called.count == 1 ? called[0] : self.onlyApplication(of: worker)
        if let culprit {
            facts["application"] = "\(culprit.name)"
            facts["generation"] = "\(culprit.hash)"
        } else {
            let all = called.isEmpty ? self.rosters(of: worker).first?.applications ?? [] : called
            facts["one-of"] = "\(Set(all.map(\.name)).sorted().joined(separator: ","))"
        }
        return Cause(reason: self.log(what, facts), isCrash: true, culprit: culprit)
    }

    private func logBootFailure(_ worker: WorkerHandle, _ reason: String, isDeath: Bool) {
        guard isDeath else {
            self.logger.critical("\(reason)")
            return
        }
        let lines = worker.lastLines.suffix(5).map { "'\($0)'" }.joined(separator: ", ")
        self.logger.critical(
            "worker exited before it was ready: it \(reason)\(lines.isEmpty ? "" : "; its last lines: \(lines)")",
            metadata: self.facts(worker))
    }

    package func facts(_ worker: WorkerHandle) -> Logger.Metadata { ["pid": "\(worker.process)"] }
}
