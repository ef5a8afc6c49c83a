import Glibc
import Logging

/// How workers end, and what is told of it.
extension WorkerGroup {
    func ended(_ worker: WorkerHandle, _ status: CInt) {
        let member = self.fleet.member(worker.id)
        let wasReady = member.map { $0.state != .starting } ?? true
        let isExpected = self.fleet.isStopping || member?.state == .draining
        let signal = status & 0x7f
        let crash = worker.page.crash
        let culprit = self.application(crash.map(\.application) ?? worker.page.called, of: worker, crash)
        let code = (status >> 8) & 0xff
        let isOurs = signal == SIGKILL && worker.killed != nil
        var reason = worker.refusal ?? (isOurs ? worker.killed : nil)
        var isCrash = false
        if let crash {
            isCrash = true
            reason = self.report(crash, of: worker, culprit, status: code)
        } else if signal != 0, !isOurs {
            // What nobody catches: kill -9, or the system for want of memory. Those of a crash come with a report, unless the
            // module has taken them away.
            isCrash = signal != SIGKILL && signal != SIGTERM
            reason = "was killed by \(SignalName(signal))"
            self.tellEnd(worker, reason ?? "", isCrash ? culprit : nil)
        } else if reason == nil, signal == 0, code != 0 || !(wasReady || isExpected) {
            isCrash = wasReady && worker.page.called != nil
            reason = "ended by itself with status \(code)"
            self.tellEnd(worker, reason ?? "", isCrash ? culprit : nil)
        } else {
            self.logger.debug("worker ended", metadata: self.facts(worker).merging(["status": "\(status)"]) { $1 })
        }
        let isNeeded = culprit.map { self.isNeeded($0.hash) } ?? true
        if !wasReady, !isExpected, isNeeded || !isCrash {
            self.tellBootFailure(worker, reason ?? "ended", isDeath: worker.refusal == nil)
        }
        if isCrash { self.supervisor.crashes += 1 }
        if !isExpected { self.supervisor.restarts += 1 }
        // What is on trial in a change is left out of it, and was none of the release's faults.
        let isOfChange = self.settleInChange(worker, culprit, reason ?? "ended")
        self.perform(
            self.fleet.ended(
                worker.id, culprit: isCrash && !isOfChange ? culprit?.hash : nil, isNeeded: isNeeded,
                reason: reason ?? "it ended",
                status: status == 0 && wasReady ? 0 : worker.refusal == nil ? Self.died : Self.failure,
                now: Supervisor.now()))
        self.forgetReleases()
        // What it had mapped may be nobody's any more.
        self.supervisor.hasOldCopies = true
    }

    /// Whether a first start without those of this file makes no sense.
    private func isNeeded(_ hash: String) -> Bool {
        self.roster.members.contains { $0.application?.hash == hash && $0.isRequired }
    }

    /// The application that has this number, in the generation whose code is on the stack; else the only one there is, or whose code that is.
    func application(_ number: Int?, of worker: WorkerHandle, _ crash: CrashReport? = nil) -> PreparedApplication? {
        let rosters = [self.rosters[worker.release], self.change?.roster].compactMap { $0 }
        let libraries = Set(crash?.frames.map(\.library) ?? [])
        let onStack = libraries.compactMap { worker.images.applications[$0] }
        if let number = number.flatMap(UInt32.init(exactly:)) {
            let named = rosters.lazy.compactMap { $0[number]?.application }.first
            // One that has made way still has requests.
            return onStack.first { $0.key.resolved == named?.key.resolved } ?? named
        }
        guard crash != nil else { return nil }
        let all = rosters.flatMap(\.applications)
        return onStack.first ?? (Set(all.map(\.hash)).count == 1 ? all.first : nil)
    }

    /// The application's crash, in a line that says all that is known; answers its short form.
    private func report(
        _ crash: CrashReport, of worker: WorkerHandle, _ application: PreparedApplication?, status: CInt
    ) -> String {
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
        self.supervisor.lastCrash = "\(how)\(place)"
        self.logger.error("worker \(how)\(place)", metadata: facts)
        return "\(how)\(place)"
    }

    private func tellEnd(_ worker: WorkerHandle, _ what: String, _ application: PreparedApplication?) {
        var facts = self.facts(worker)
        if let application {
            facts["application"] = "\(application.name)"
            facts["generation"] = "\(application.hash)"
            self.supervisor.lastCrash = what
        }
        self.logger.error("worker \(what)", metadata: facts)
    }

    private func tellBootFailure(_ worker: WorkerHandle, _ reason: String, isDeath: Bool) {
        guard isDeath else {
            self.logger.critical("\(reason)")
            return
        }
        let lines = worker.lastLines.suffix(5).map { "'\($0)'" }.joined(separator: ", ")
        self.logger.critical(
            "worker died before it was ready: it \(reason)\(lines.isEmpty ? "" : "; its last lines: \(lines)")",
            metadata: self.facts(worker))
    }

    func facts(_ worker: WorkerHandle) -> Logger.Metadata { ["pid": "\(worker.process)"] }
}
