import Glibc
public import HTTPServer
import Logging
import NIOConcurrencyHelpers

/// The process that binds the sockets and starts workers; it never loads a module. One thread, one wait: for signals, for what
/// workers and commands say, and for the time. What is to be done is decided by `Fleet`.
public final class Supervisor {
    let plan: Plan
    let listeners: [Listener]
    var fleet: Fleet
    /// Those that live, and those whose end is not told yet.
    var workers: [WorkerHandle] = []
    /// What workers were or are started with, by the number of its release.
    var applications: [Int: PreparedApplication]
    var lastRelease = 1
    /// It was asked for while one was being prepared.
    var wantsAnotherReload = false
    /// A file is being looked at, for whoever asked for it.
    let preparation = ReloadPreparation()
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

    /// Binds. Throws `HostError`.
    public init(_ application: PreparedApplication, _ plan: Plan) throws {
        try Host.refuseDebug(threads: plan.workers)
        self.plan = plan
        self.applications = [1: application]
        let isLimited = plan.requests != nil || plan.memory != nil || plan.lifetime != nil
        self.pace = min(isLimited ? 1000 : 60_000, plan.stall.map { min($0 * 100, 10_000) } ?? .max)
        self.fleet = Fleet(rules: plan.rules, release: Fleet.Release(number: 1, hash: application.hash))
        self.listeners = try Host.bind(plan.addresses, backlog: plan.backlog)
        do {
            self.control = try ControlSocket(path: "\(plan.run.boot)/\(ControlSocket.name)")
        } catch {
            for listener in self.listeners { listener.close() }
            throw error
        }
    }

    /// Where it listens, with the ports that the kernel chose.
    public var addresses: [BindAddress] { self.listeners.map(\.address) }

    /// Supervises until everything has ended; says the exit status.
    public func run() -> CInt {
        self.perform(self.fleet.begin(now: Self.now()))
        while self.status == nil {
            self.wait()
            self.hearSignals()
            self.hearWorkers()
            self.reapOrphans()
            self.takePreparation()
            self.hearCommands()
            self.look()
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
        for worker in self.workers {
            let events = POLLIN | (worker.hasOrder ? POLLOUT : 0)
            waits.append(pollfd(fd: worker.channel, events: Int16(events), revents: 0))
            if worker.errors >= 0 { waits.append(pollfd(fd: worker.errors, events: Int16(POLLIN), revents: 0)) }
        }
        let now = Self.now()
        waits += self.control.waits(now: now)
        let due = min(self.nextLook, self.nextWatchdog, self.fleet.due ?? .max, self.control.due ?? .max)
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
            case SIGTTIN: self.perform(self.fleet.resize(by: 1, now: Self.now()))
            case SIGTTOU: self.perform(self.fleet.resize(by: -1, now: Self.now()))
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
            self.perform(self.fleet.stop(now: Self.now()))
        } else {
            self.stopStatus = 130
            for worker in self.workers { worker.killed = "stopped at once" }
            self.perform(self.fleet.kill(now: Self.now()))
        }
    }
    private var stopStatus: CInt?

    // MARK: What the fleet decides

    func perform(_ actions: [Fleet.Action]) {
        for action in actions { self.perform(action) }
    }

    private func perform(_ action: Fleet.Action) {
        switch action {
        case .start(let id, let release, let isStandIn): self.start(id, release, isStandIn)
        case .drain(let id): self.worker(id)?.tell(Worker.drain)
        case .stop(let id): self.worker(id)?.tell(Worker.stop)
        case .kill(let id):
            guard let worker = self.worker(id) else { break }
            if worker.killed == nil { worker.killed = "was killed by its supervisor" }
            kill(worker.process, SIGKILL)
        case .examine(let id): self.examine(id)
        case .log(let notice): self.log(notice)
        case .serving:
            _ = self.hadTerminal
            if let application = self.applications[self.fleet.current.number] {
                self.plan.serving(application, self.addresses)
            }
            self.notice.tell("READY=1", "MAINPID=\(getpid())", "STATUS=serving")
        case .reloaded:
            self.plan.logger.info("reloaded", metadata: ["generation": "\(self.fleet.current.hash)"])
            self.settleReload(nil)
        case .notReloaded(let reason):
            self.plan.logger.error("not reloaded, what was there serves on: \(reason)")
            self.settleReload(reason)
        case .leave(let status): self.status = self.stopStatus ?? status
        }
    }

    /// Whoever waits for a reload is told how it went.
    func settleReload(_ fault: String?) {
        self.notice.tell("READY=1", fault == nil ? "STATUS=serving" : "STATUS=serving, a reload was refused")
        self.control.settleReloads(fault)
    }

    func worker(_ id: Int) -> WorkerHandle? { self.workers.first { $0.id == id } }

    /// What every so often is looked at.
    private func look() {
        let now = Self.now()
        if let watchdog = self.notice.watchdog, now >= self.nextWatchdog || self.nextWatchdog == .max {
            self.nextWatchdog = now + watchdog
            self.notice.tell("WATCHDOG=1")
        }
        self.answerStatus(now)
        guard now >= self.nextLook || now >= self.fleet.due ?? .max else { return }
        self.nextLook = now + self.pace
        self.perform(self.fleet.look(now: now, at: self.observe(now)))
    }
}
