import CLinux
import CWorker
import Glibc
import HTTPServer
import Logging
import ModuleRuntime
import RoostDeployment
import RoostModules
import RoostSystem

/// How workers are started, what they say, what is seen of them.
extension WorkerGroup {
    package func start(_ id: Int, _ isStandIn: Bool) {
        guard let member = self.fleet.member(id), let roster = self.rosters[member.release] else { return }
        var applications = roster.installed
        if isStandIn {
            for at in applications.indices { applications[at].work = .standIn(.notStarted) }
        }
        do {
            let door = try self.name.map { _ in try self.supervisor.makeDoor() }
            var worker: WorkerHandle?
            // The worker has the socket from here on: when it exits, nobody waits in the queue. Without a worker the file goes too.
            defer { if worker == nil { door?.close() } else { door.map { _ = close($0.descriptor) } } }
            let listeners = door.map { [$0] } ?? self.supervisor.listeners
            var order = WorkerOrder(
                applications: applications, addresses: listeners.map(\.address),
                privileges: self.workerPlan.privileges, isErrorColoured: self.plan.isErrorColoured)
            order.isRelayed = door != nil
            order.relayUsers = self.supervisor.relayUsers
            order.relayPaths = self.name == nil ? self.supervisor.ways : [:]
            let variables = roster.members.compactMap { member in member.isRelayed ? nil : member.application?.variable
            }
            let environment = Dictionary(variables.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
            let started = try WorkerHandle(
                id: id, release: member.release, order: order, arguments: self.workerPlan.arguments,
                variables: environment.merging(self.workerPlan.environment) { $1 },
                listeners: listeners.map(\.descriptor), mostState: self.workerPlan.state)
            started.door = door?.file
            worker = started
            self.workers.append(started)
        } catch {
            self.logger.error("\(error)")
            self.perform(
                self.fleet.ended(
                    id, culprit: nil, reason: "\(error)", status: Self.failure, now: Supervisor.now()))
        }
    }

    /// The exit statuses of a start that came to nothing: refused, and died before it was ready.
    package static let failure: CInt = 1
    package static let died: CInt = 3

    func hearWorkers() {
        for worker in self.workers {
            if worker.hasOutput { worker.write() }
            self.hear(worker)
            var status: CInt = 0
            guard waitpid(worker.process, &status, WNOHANG) == worker.process else { continue }
            // Its last words.
            self.hear(worker)
            self.workers.removeAll { $0 === worker }
            self.pass(Message("saved"), of: worker)
            self.ended(worker, status)
        }
    }

    private func hear(_ worker: WorkerHandle) {
        for line in worker.readErrors() { self.plan.log.write(Array((line + "\n").utf8)) }
        guard let messages = worker.hear() else {
            self.logger.error("worker sent an invalid message: killed", metadata: self.facts(worker))
            worker.killed = "it sent an invalid message"
            Glibc.kill(worker.process, SIGKILL)
            return
        }
        for message in messages {
            switch message.name {
            case "ready": self.isReady(worker, message)
            case "deaf": self.perform(self.fleet.deaf(worker.id, now: Supervisor.now()))
            case "refused": worker.refusal = message.fields["reason"] ?? "it does not say why"
            case "prepared", "committed": self.changed(worker, message)
            case "remembers": self.askForMemory(for: worker)
            case "saved": self.pass(message, of: worker)
            default: break
            }
        }
    }

    private func isReady(_ worker: WorkerHandle, _ message: Message) {
        self.logger.debug("worker ready", metadata: self.facts(worker))
        // What one of them could not start is not tried in the next.
        if worker.release == self.fleet.current {
            for (number, reason) in message.faults {
                self.tell(number, reason)
                self.roster.giveUp(number)
            }
        }
        // What it was ordered with may be old.
        if self.name == nil { self.supervisor.tellWays(to: worker) }
        self.perform(self.fleet.ready(worker.id, now: Supervisor.now()))
        self.retrySoon()
    }

    /// An application does not start: said once.
    package func tell(_ number: UInt32, _ reason: String) {
        guard self.roster.fail(number, reason), let member = self.roster[number] else { return }
        self.supervisor.toldFaults.insert(reason)
        self.logger.error("\(member.name) does not serve: \(reason)", metadata: member.logMetadata)
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
        worker.killed = "event loop stalled"
        // It may have ended meanwhile: then it is no worker any more.
        _ = roost_signal_thread(worker.process, slowest.thread, roost_stall_signal())
    }

    /// What it has written.
    private func tellStall(_ worker: WorkerHandle) {
        guard worker.isExamined, let stall = worker.page.stall else { return }
        worker.isExamined = false
        var facts = self.facts(worker)
        let application = self.application(stall.application, of: worker)
        if let application {
            facts["application"] = "\(application.name)"
            facts["generation"] = "\(application.hash)"
        }
        if !stall.method.isEmpty { facts["method"] = "\(stall.method)" }
        if !stall.path.isEmpty { facts["path"] = "\(stall.path)" }
        facts["stack"] = "\(stall.stack)"
        let place = stall.place(in: application?.staged.path ?? "").map { " in \($0.text)" } ?? ""
        self.logger.error("event loop stalled\(place)", metadata: facts)
    }

    package func log(_ notice: Fleet.Notice) {
        switch notice {
        case .retiring(let id, let why):
            guard let worker = self.worker(id) else { break }
            self.logger.info("worker is replaced: \(why.rawValue)", metadata: self.facts(worker))
        case .waiting(let milliseconds):
            self.logger.warning("workers are crash-looping: next restart in \(milliseconds) ms")
        case .overdue(let id):
            guard let worker = self.worker(id) else { break }
            if worker.killed == nil { worker.killed = "it had not ended within its time" }
            self.logger.warning("worker is killed: \(worker.killed ?? "")", metadata: self.facts(worker))
        case .neverReady(let id):
            self.worker(id)?.killed = "was not ready within \(self.workerPlan.start) seconds"
        }
    }
}
