package import Glibc
package import HTTPServer
import Logging
import NIOConcurrencyHelpers
import Roost
package import RoostDeployment
import RoostModules
package import RoostSystem

/// The process that binds the sockets and starts workers; it never loads a module. One thread, one wait: for signals, for what
/// workers and commands say, and for the time. What is to be done is decided by `Fleet`.
package final class Supervisor {
    package var plan: Plan
    var listeners: [Listener]
    /// Socket files that were said to be gone.
    var toldGone: Set<String> = []
    /// The workers that accept.
    private(set) var front: WorkerGroup!
    /// The others, by the names of their groups.
    var groups: [String: WorkerGroup] = [:]
    /// All applications, as they were wanted last.
    package var wanted: Roster
    /// What is to be changed in which group, one after another.
    var steps: [MountStep] = []
    /// Who has the part before.
    weak var lastStep: WorkerGroup?
    /// How what was asked for has gone so far.
    package var report = ReloadReport()
    /// What the workers that accept were told of the others.
    var toldWays: [String: [String]] = [:]
    var lastDoor = 0
    /// What was found when it was last looked, and has been taken.
    package var look: Deployment.Look
    /// What was found, and waits until workers can be changed.
    package var found: Found?
    /// What is to be looked at, when it can be.
    package var requests: [ReloadRequest] = []
    /// Something counts in a drop-in folder that has not been looked at.
    var isFolderNew = false
    /// Files are not looked at before: the last look failed for want of resources.
    var nextPreparation = 0
    /// Some copies of modules may be nobody's any more.
    var hasOldCopies = false
    /// What was said to be wrong with applications, and is still.
    var toldFaults: Set<String> = []
    /// Something is being looked at, on another thread.
    package let preparation = Preparation()
    package let folders: DropInFolders
    /// `--reload`.
    package let watch: ReloadWatch?
    package var builds = BuildMachine()
    /// Watched files have changed that no look was asked for yet: a build runs.
    var hasChangedFiles = false
    /// It was said that not all sources are watched.
    var hasToldCut = false
    package var build: Build?
    let control: ControlSocket
    package let notice = ServiceNotice()
    private let terminal = ControllingTerminal()
    private let ignoredSignals: IgnoredSignals
    package let since = time(nil)
    package var crashes = 0
    var lastCrash: String?
    var restarts = 0
    private var status: CInt?
    private var stops = 0
    private var nextLook = 0
    private var nextWatchdog = Int.max

    private let pace: Int

    /// How often workers are looked at, in milliseconds: what is limited every second, their loops ten times in the time that one may
    /// hang.
    private static func pace(_ plan: WorkerPlan) -> Int {
        let isLimited = plan.requests != nil || plan.memory != nil || plan.lifetime != nil
        return min(isLimited ? 1000 : 60_000, plan.stall.map { min($0 * 100, 10_000) } ?? .max)
    }

    /// Binds. Throws `HostError`, also when an application that is needed cannot be had.
    package init(_ look: Deployment.Look, _ plan: Plan) throws {
        try Host.refuseDebug(threads: plan.deployment.workers.workers)
        self.plan = plan
        self.ignoredSignals = IgnoredSignals(plan.logger)
        self.look = look
        self.pace = ([plan.deployment.workers] + plan.deployment.groups.values).map(Self.pace).min() ?? 60_000
        self.folders = DropInFolders(look.listings, quiet: plan.deployment.quiet)
        self.watch = plan.watch.map { ReloadWatch($0.tree, since: $0.baseline, quiet: plan.deployment.quiet) }
        self.listeners = try Host.bind(plan.addresses, backlog: plan.backlog)
        do {
            var roster = Roster()
            self.wanted = roster
            let change = roster.want(look.candidates)
            self.wanted = roster
            if let refusal = change.refusals.first { throw HostError(code: .module, message: refusal) }
            self.control = try ControlSocket(path: "\(plan.run.boot)/\(ControlSocket.name)")
            self.front = WorkerGroup(self, plan.deployment.workers, roster.view(of: nil))
            for name in roster.groups { self.addGroup(name) }
        } catch {
            for listener in self.listeners { listener.close() }
            throw error
        }
    }

    /// Where it listens, with the ports that the kernel chose.
    package var addresses: [BindAddress] { self.listeners.map(\.address) }

    /// Supervises until everything has ended; says the exit status.
    package func run() -> CInt {
        self.tellFaults()
        for group in self.all { group.perform(group.fleet.begin(now: Self.now())) }
        while self.status == nil {
            self.wait()
            // First: who has said that it is ready serves, and ends as others do.
            for group in self.all { group.hearWorkers() }
            self.hearSignals()
            self.reapOrphans()
            self.takePreparation()
            self.hearCommands()
            self.followFolders()
            self.followFiles()
            self.lookAround()
        }
        self.control.close()
        for listener in self.listeners { listener.close() }
        return self.status ?? 1
    }

    // MARK: Waiting

    private func wait() {
        var waits = [self.plan.signals.descriptor, self.preparation.descriptor].map {
            pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
        }
        for worker in self.all.flatMap(\.workers) {
            let events = POLLIN | (worker.hasOutput ? POLLOUT : 0)
            waits.append(pollfd(fd: worker.channel, events: Int16(events), revents: 0))
            if worker.errors >= 0 { waits.append(pollfd(fd: worker.errors, events: Int16(POLLIN), revents: 0)) }
        }
        let now = Self.now()
        waits += self.control.waits(now: now) + self.folders.waits + self.watchWaits
        let due = min(
            self.nextLook, self.nextWatchdog, self.notice.due(now: now) ?? .max,
            self.all.compactMap(\.due).min() ?? .max, self.control.due ?? .max,
            self.folders.due ?? .max, self.watchDue
        )
        // Interrupted, or for want of memory: everything is looked at all the same.
        _ = poll(&waits, nfds_t(waits.count), CInt(clamping: max(due - now, 0)))
    }

    package static func now() -> Int { MonotonicClock.milliseconds }

    // MARK: Signals

    private func hearSignals() {
        while let number = self.plan.signals.next() {
            switch SignalMeaning(number) {
            case .stop: self.stop()
            case .reload where self.terminal.isLost: self.stop()
            case .reload: self.reload(ReloadRequest(isAsked: true))
            case .reopenLogs: self.plan.reopenLogs()
            case .moreWorkers: self.front.perform(self.front.fleet.resize(by: 1, now: Self.now()))
            case .fewerWorkers: self.front.perform(self.front.fleet.resize(by: -1, now: Self.now()))
            case .ignored: self.ignoredSignals.tell(number)
            // A worker has ended, or a probe, which is waited for by who started it.
            case .child, .system: break
            }
        }
    }

    /// A second one means: at once.
    package func stop() {
        self.stops += 1
        if self.stops == 1 {
            self.plan.logger.info("stopping")
            self.notice.tell("STOPPING=1", "STATUS=stopping")
        } else {
            self.stopStatus = 130
        }
        self.front.stop(atOnce: self.stops > 1, now: Self.now())
        // Those that accept ask the others until they have ended.
        for group in self.groups.values {
            if self.stops > 1 {
                group.stop(atOnce: true, now: Self.now())
            } else {
                for worker in group.workers { worker.tell(Worker.ending) }
            }
        }
    }
    private var stopStatus: CInt?
    private var frontStatus: CInt?
    private var isFrontServing = false
    private var hasToldServing = false

    // MARK: What its workers come to

    /// All that have to be there are.
    func isServing(_ group: WorkerGroup) {
        self.isFrontServing = true
        self.tellServing()
    }

    /// Said once, when it is known of all groups whether they serve.
    func tellServing() {
        guard self.isFrontServing, !self.hasToldServing, self.groups.values.allSatisfy(\.isSettled) else { return }
        self.hasToldServing = true
        self.plan.serving(self.roster.members.map { ServedApplication($0) }, self.addresses)
        self.notice.tell("READY=1", "MAINPID=\(getpid())", "STATUS=serving")
    }

    /// All workers of a group have ended. Those that accept go first, and the others when nobody asks them any more.
    func left(_ group: WorkerGroup, _ status: CInt) {
        if let name = group.name {
            self.groups[name] = nil
            self.tellWays()
        } else {
            self.frontStatus = status
            for group in self.groups.values { group.stop(atOnce: self.stops > 1, now: Self.now()) }
        }
        guard let frontStatus, self.groups.isEmpty else { return }
        self.status = self.stopStatus ?? (frontStatus == 0 && group.name != nil ? status : frontStatus)
    }

    /// Removes copies of modules that nobody has, and nobody will be started with. Not while some are being made.
    private func removeOldCopies() {
        guard self.hasOldCopies, !self.preparation.isRunning, self.found == nil, self.steps.isEmpty else { return }
        self.hasOldCopies = false
        let rosters = self.all.flatMap { $0.rosters.values + [$0.change?.roster].compactMap { $0 } } + [self.wanted]
        let prepared = rosters.flatMap(\.applications) + self.look.candidates.compactMap { try? $0.outcome.get() }
        // What a process has mapped stays, for whoever looks at it with a debugger, or at its core.
        let mapped = self.all.flatMap(\.workers).flatMap { $0.images.applications.keys }
        self.plan.run.removeLoadFolders(but: prepared.map(\.staged.path) + mapped)
    }

    /// As the first process of a container it gets the children of others, when those have ended.
    private func reapOrphans() {
        guard getpid() == 1 else { return }
        while true {
            var ended = siginfo_t()
            guard waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 else { return }
            let process = ended._sifields._sigchld.si_pid
            // A probe's end is waited for by who has started it.
            guard process != 0, !self.all.contains(where: { $0.workers.contains { $0.process == process } }),
                !self.preparation.isRunning, self.build == nil
            else { return }
            waitpid(process, nil, WNOHANG)
        }
    }

    /// What every so often is looked at.
    private func lookAround() {
        let now = Self.now()
        if let watchdog = self.notice.watchdog, now >= self.nextWatchdog || self.nextWatchdog == .max {
            self.nextWatchdog = now + watchdog
            self.notice.tell("WATCHDOG=1")
        }
        self.notice.deliver()
        self.answerStatus(now)
        self.removeOldCopies()
        for group in self.all {
            group.lookAtChange(now)
            group.retry(now)
            if now >= self.nextLook || now >= group.fleet.due ?? .max { group.look(now) }
        }
        if now >= self.nextLook {
            self.nextLook = now + self.pace
            self.tellGoneSockets()
        }
        self.tellServing()
    }
}
