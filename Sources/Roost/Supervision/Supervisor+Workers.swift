import CLinux
import CWorker
import Glibc
import HTTPServer
import Logging

/// The workers: how they are started, what they say, how they end.
extension Supervisor {
    func start(_ id: Int, _ release: Int, _ isStandIn: Bool) {
        guard let application = self.applications[release] else { return }
        let reason: WorkerOrder.Reason = self.fleet.isQuarantined ? .quarantined : .notStarted
        let order = WorkerOrder(
            work: isStandIn ? .standIn(reason) : .serve(application), addresses: self.addresses,
            privileges: self.plan.request.privileges, isErrorColoured: self.plan.isErrorColoured)
        let variables = application.variable.map { [$0.name: $0.value] } ?? [:]
        do {
            self.workers.append(
                try WorkerHandle(
                    id: id, release: release, order: order, arguments: self.plan.arguments, variables: variables,
                    listeners: self.listeners.map(\.descriptor)))
        } catch {
            self.plan.logger.error("\(error)")
            self.perform(
                self.fleet.ended(id, isCrash: false, reason: "\(error)", status: Self.failure, now: Self.now()))
        }
    }

    /// The exit statuses of a start that came to nothing: refused, and died before it was ready.
    static let failure: CInt = 1
    static let died: CInt = 3

    func hearWorkers() {
        for worker in self.workers {
            if worker.hasOrder { worker.writeOrder() }
            self.hear(worker)
            var status: CInt = 0
            guard waitpid(worker.process, &status, WNOHANG) == worker.process else { continue }
            // Its last words.
            self.hear(worker)
            self.workers.removeAll { $0 === worker }
            self.ended(worker, status)
        }
    }

    /// As the first process of a container it gets the children of others, when those have ended.
    func reapOrphans() {
        guard getpid() == 1 else { return }
        while true {
            var ended = siginfo_t()
            guard waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 else { return }
            let process = ended._sifields._sigchld.si_pid
            // A probe's end is waited for by who has started it.
            guard process != 0, !self.workers.contains(where: { $0.process == process }), !self.preparation.isRunning
            else { return }
            waitpid(process, nil, WNOHANG)
        }
    }

    private func hear(_ worker: WorkerHandle) {
        for line in worker.readErrors() { self.plan.log.write(Array((line + "\n").utf8)) }
        guard let messages = worker.hear() else {
            self.plan.logger.error("a worker says what makes no sense: killed", metadata: self.facts(worker))
            worker.killed = "it said what makes no sense"
            kill(worker.process, SIGKILL)
            return
        }
        for message in messages {
            switch message.name {
            case "ready":
                self.plan.logger.debug("worker ready", metadata: self.facts(worker))
                self.perform(self.fleet.ready(worker.id, now: Self.now()))
            case "deaf": self.perform(self.fleet.deaf(worker.id, now: Self.now()))
            case "refused": worker.refusal = message.fields["reason"] ?? "it does not say why"
            default: break
            }
        }
    }

    // MARK: What is seen of them

    func observe(_ now: Int) -> [Int: Fleet.Observation] {
        var observations: [Int: Fleet.Observation] = [:]
        for worker in self.workers {
            guard let member = self.fleet.member(worker.id), member.state == .ready else {
                self.tellStall(worker)
                continue
            }
            var seen = Fleet.Observation()
            seen.requests = worker.page.requests
            seen.memory = self.fleet.rules.memory == nil ? 0 : worker.memory
            seen.loops = worker.page.loops
            if let stall = self.fleet.rules.stall {
                seen.silence = worker.silence(since: member.readyAt, limit: stall, now: now)
                worker.tell(Worker.ping)
            }
            observations[worker.id] = seen
            self.tellStall(worker)
        }
        return observations
    }

    /// Has the thread of the loop that does not turn write down its stack.
    func examine(_ id: Int) {
        guard let worker = self.worker(id), let slowest = worker.page.slowest(since: 0) else { return }
        worker.isExamined = true
        worker.killed = "a loop did not turn"
        // It may have ended meanwhile: then it is no worker any more.
        _ = roost_signal_thread(worker.process, slowest.thread, roost_stall_signal())
    }

    /// What it has written.
    private func tellStall(_ worker: WorkerHandle) {
        guard worker.isExamined, let stall = worker.page.stall else { return }
        worker.isExamined = false
        var facts = self.facts(worker)
        let application = self.applications[worker.release]
        if stall.application != nil { facts["application"] = "\(application?.name ?? "")" }
        facts["generation"] = "\(application?.hash ?? "")"
        if !stall.method.isEmpty { facts["method"] = "\(stall.method)" }
        if !stall.path.isEmpty { facts["path"] = "\(stall.path)" }
        facts["stack"] = "\(stall.stack)"
        let place = stall.place(in: application?.staged.path ?? "").map { " in \($0.text)" } ?? ""
        self.plan.logger.error("a loop hangs\(place)", metadata: facts)
    }

    func log(_ notice: Fleet.Notice) {
        switch notice {
        case .retiring(let id, let why):
            guard let worker = self.worker(id) else { break }
            self.plan.logger.info("worker is replaced: \(why.rawValue)", metadata: self.facts(worker))
        case .quarantined(let hash, let instead):
            let name = self.applications[self.fleet.current.number]?.name ?? ""
            self.plan.logger.critical(
                """
                \(name) has crashed \(self.plan.crashes) workers within \(self.plan.crashWindow) seconds, quarantined: \
                \(instead.map { "the one before serves (\($0))" } ?? "answered with 503"): replace its file, then roost reload
                """, metadata: ["application": "\(name)", "generation": "\(hash)"])
        case .waiting(let milliseconds):
            self.plan.logger.warning("workers keep dying: the next one in \(milliseconds) ms")
        case .overdue(let id):
            guard let worker = self.worker(id) else { break }
            if worker.killed == nil { worker.killed = "it had not ended within its time" }
            self.plan.logger.warning("worker is killed: \(worker.killed ?? "")", metadata: self.facts(worker))
        case .neverReady(let id):
            self.worker(id)?.killed = "was not ready within \(self.plan.start) seconds"
        }
    }
}
