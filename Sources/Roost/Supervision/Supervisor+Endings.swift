import Glibc
import Logging

/// How workers end, and what is told of it.
extension Supervisor {
    func ended(_ worker: WorkerHandle, _ status: CInt) {
        let member = self.fleet.member(worker.id)
        let wasReady = member.map { $0.state != .starting } ?? true
        let isExpected = self.fleet.isStopping || member?.state == .draining
        let signal = status & 0x7f
        let crash = worker.page.crash
        let code = (status >> 8) & 0xff
        let isOurs = signal == SIGKILL && worker.killed != nil
        var reason = worker.refusal ?? (isOurs ? worker.killed : nil)
        var isCrash = false
        if let crash {
            isCrash = true
            reason = self.report(crash, of: worker, wasReady: wasReady, status: code)
        } else if signal != 0, !isOurs {
            // What nobody catches: kill -9, or the system for want of memory. Those of a crash come with a report, unless the
            // module has taken them away.
            isCrash = signal != SIGKILL && signal != SIGTERM
            reason = "was killed by \(SignalName(signal))"
            self.tellEnd(worker, reason ?? "", isCrash: isCrash)
        } else if reason == nil, signal == 0, code != 0 || !(wasReady || isExpected) {
            isCrash = wasReady && worker.page.called != nil
            reason = "ended by itself with status \(code)"
            self.tellEnd(worker, reason ?? "", isCrash: isCrash)
        } else {
            self.plan.logger.debug("worker ended", metadata: self.facts(worker).merging(["status": "\(status)"]) { $1 })
        }
        if !wasReady, !isExpected { self.tellBootFailure(worker, reason ?? "ended", isDeath: worker.refusal == nil) }
        if isCrash { self.crashes += 1 }
        if !isExpected { self.restarts += 1 }
        self.perform(
            self.fleet.ended(
                worker.id, isCrash: isCrash, reason: reason ?? "it ended",
                status: status == 0 && wasReady ? 0 : worker.refusal == nil ? Self.died : Self.failure,
                now: Self.now()))
        self.forgetApplications()
    }

    /// The application's crash, in a line that says all that is known; answers its short form.
    private func report(_ crash: CrashReport, of worker: WorkerHandle, wasReady: Bool, status: CInt) -> String {
        let application = self.applications[worker.release]
        let frame = crash.place(in: application?.staged.path ?? "")
        var facts = self.facts(worker)
        facts["application"] = "\(application?.name ?? "")"
        facts["generation"] = "\(application?.hash ?? "")"
        if !crash.method.isEmpty { facts["method"] = "\(crash.method)" }
        if !crash.path.isEmpty { facts["path"] = "\(crash.path)" }
        if crash.address != 0 { facts["address"] = "0x\(String(crash.address, radix: 16))" }
        facts["stack"] = "\(crash.stack)"
        let how = crash.signal == 0 ? "called exit (status \(status))" : "crashed with \(SignalName(crash.signal))"
        let place = frame.map { " in \($0.text)" } ?? ""
        if crash.signal != 0 { facts["signal"] = "\(SignalName(crash.signal))" }
        self.lastCrash = "\(how)\(place)"
        self.plan.logger.error("worker \(how)\(place)", metadata: facts)
        return "\(how)\(place)"
    }

    private func tellEnd(_ worker: WorkerHandle, _ what: String, isCrash: Bool) {
        var facts = self.facts(worker)
        if isCrash || worker.page.called != nil {
            facts["application"] = "\(self.applications[worker.release]?.name ?? "")"
            facts["generation"] = "\(self.applications[worker.release]?.hash ?? "")"
        }
        if isCrash { self.lastCrash = what }
        self.plan.logger.error("worker \(what)", metadata: facts)
    }

    private func tellBootFailure(_ worker: WorkerHandle, _ reason: String, isDeath: Bool) {
        guard isDeath else {
            self.plan.logger.critical("\(reason)")
            return
        }
        let lines = worker.lastLines.suffix(5).map { "'\($0)'" }.joined(separator: ", ")
        self.plan.logger.critical(
            "worker died before it was ready: it \(reason)\(lines.isEmpty ? "" : "; its last lines: \(lines)")",
            metadata: self.facts(worker))
    }

    func facts(_ worker: WorkerHandle) -> Logger.Metadata { ["pid": "\(worker.process)"] }
}
