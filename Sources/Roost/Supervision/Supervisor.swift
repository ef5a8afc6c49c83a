import Glibc
public import HTTPServer
import Logging
import NIOConcurrencyHelpers

/// The process that binds the sockets and starts workers; it never loads a module. One thread, one wait: for signals, for what
/// workers and commands say, and for the time. What is to be done is decided by `Fleet`.
public final class Supervisor {
    let plan: Plan
    let listeners: [Listener]
    /// The workers that accept.
    private(set) var front: WorkerGroup!
    /// What was found when it was last looked, and has been taken.
    var look: Deployment.Look
    /// What was found, and waits until workers can be changed.
    var found: Deployment.Look?
    var foundByReload = false
    /// Something counts in a drop-in folder that has not been looked at.
    var isFolderNew = false
    /// What was said to be wrong with applications, and is still.
    var toldFaults: Set<String> = []
    /// A reload was asked for while one was being prepared.
    var wantsAnotherReload = false
    /// Something is being looked at, on another thread.
    let preparation = Preparation()
    let folders: DropInFolders
    let control: ControlSocket
    let notice = ServiceNotice()
    let since = time(nil)
    var crashes = 0
    var lastCrash: String?
    var restarts = 0
    private var status: CInt?
    private var stops = 0
    private var nextLook = 0
    private var nextWatchdog = Int.max

    /// How often workers are looked at, in milliseconds: what is limited every second, their loops ten times in the time that one may
    /// hang.
    private let pace: Int

    /// Binds. Throws `HostError`, also when an application that is needed cannot be had.
    public init(_ look: Deployment.Look, _ plan: Plan) throws {
        try Host.refuseDebug(threads: plan.workers)
        self.plan = plan
        self.look = look
        let isLimited = plan.requests != nil || plan.memory != nil || plan.lifetime != nil
        self.pace = min(isLimited ? 1000 : 60_000, plan.stall.map { min($0 * 100, 10_000) } ?? .max)
        self.folders = DropInFolders(plan.deployment.folders)
        self.listeners = try Host.bind(plan.addresses, backlog: plan.backlog)
        do {
            var roster = Roster()
            let change = roster.want(look.candidates)
            if let refusal = change.refusals.first { throw HostError(code: .module, message: refusal) }
            self.control = try ControlSocket(path: "\(plan.run.boot)/\(ControlSocket.name)")
            self.front = WorkerGroup(self, roster)
        } catch {
            for listener in self.listeners { listener.close() }
            throw error
        }
    }

    /// Where it listens, with the ports that the kernel chose.
    public var addresses: [BindAddress] { self.listeners.map(\.address) }

    /// Supervises until everything has ended; says the exit status.
    public func run() -> CInt {
        self.tellFaults()
        self.front.perform(self.front.fleet.begin(now: Self.now()))
        while self.status == nil {
            self.wait()
            self.hearSignals()
            self.front.hearWorkers()
            self.reapOrphans()
            self.takePreparation()
            self.hearCommands()
            self.followFolders()
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
        for worker in self.front.workers {
            let events = POLLIN | (worker.hasOutput ? POLLOUT : 0)
            waits.append(pollfd(fd: worker.channel, events: Int16(events), revents: 0))
            if worker.errors >= 0 { waits.append(pollfd(fd: worker.errors, events: Int16(POLLIN), revents: 0)) }
        }
        let now = Self.now()
        waits += self.control.waits(now: now) + self.folders.waits
        let due = min(
            self.nextLook, self.nextWatchdog, self.front.due ?? .max, self.control.due ?? .max, self.folders.due ?? .max
        )
        // Interrupted, or for want of memory: everything is looked at all the same.
        _ = poll(&waits, nfds_t(waits.count), CInt(clamping: max(due - now, 0)))
    }

    static func now() -> Int { MonotonicClock.milliseconds }

    // MARK: Signals

    private func hearSignals() {
        while let number = self.plan.signals.next() {
            switch number {
            case SIGTERM, SIGINT: self.stop()
            case SIGHUP: if self.hasLostTerminal { self.stop() } else { self.reload(for: nil) }
            case SIGTTIN: self.front.perform(self.front.fleet.resize(by: 1, now: Self.now()))
            case SIGTTOU: self.front.perform(self.front.fleet.resize(by: -1, now: Self.now()))
            // Of a worker, or of a probe, which is waited for by who started it.
            default: break
            }
        }
    }

    /// The person who started it has closed the window: that is no wish for a reload.
    private lazy var hadTerminal = Self.hasTerminal
    private var hasLostTerminal: Bool { self.hadTerminal && !Self.hasTerminal }

    private static var hasTerminal: Bool {
        let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)
        guard terminal >= 0 else { return false }
        close(terminal)
        return true
    }

    /// A second one means: at once.
    func stop() {
        self.stops += 1
        if self.stops == 1 {
            self.plan.logger.info("stopping")
            self.notice.tell("STOPPING=1", "STATUS=stopping")
        } else {
            self.stopStatus = 130
        }
        self.front.stop(atOnce: self.stops > 1, now: Self.now())
    }
    private var stopStatus: CInt?

    // MARK: What its workers come to

    /// All that have to be there are.
    func isServing(_ group: WorkerGroup) {
        _ = self.hadTerminal
        self.plan.serving(self.served, self.addresses)
        self.notice.tell("READY=1", "MAINPID=\(getpid())", "STATUS=serving")
    }

    /// What there is to serve, for people.
    private var served: [ServedApplication] {
        self.front.roster.members.map { ServedApplication($0) }
    }

    func leave(_ status: CInt) { self.status = self.stopStatus ?? status }

    /// Nobody can load it any more.
    func removeCopy(_ path: String) { self.plan.run.removeLoadFolder(of: path) }

    /// As the first process of a container it gets the children of others, when those have ended.
    private func reapOrphans() {
        guard getpid() == 1 else { return }
        while true {
            var ended = siginfo_t()
            guard waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 else { return }
            let process = ended._sifields._sigchld.si_pid
            // A probe's end is waited for by who has started it.
            guard process != 0, !self.front.workers.contains(where: { $0.process == process }),
                !self.preparation.isRunning
            else { return }
            waitpid(process, nil, WNOHANG)
        }
    }

    /// Whoever waits for a reload is told how it went.
    func settleReload(_ fault: String?) {
        self.notice.tell("READY=1", fault == nil ? "STATUS=serving" : "STATUS=serving, a reload was refused")
        self.control.settleReloads(fault)
    }

    /// What every so often is looked at.
    private func lookAround() {
        let now = Self.now()
        if let watchdog = self.notice.watchdog, now >= self.nextWatchdog || self.nextWatchdog == .max {
            self.nextWatchdog = now + watchdog
            self.notice.tell("WATCHDOG=1")
        }
        self.answerStatus(now)
        self.front.lookAtChange(now)
        self.front.retry(now)
        guard now >= self.nextLook || now >= self.front.fleet.due ?? .max else { return }
        self.nextLook = now + self.pace
        self.front.look(now)
    }
}
