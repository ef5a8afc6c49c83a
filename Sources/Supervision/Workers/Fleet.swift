import RoostDeployment

/// Decides which workers of a group must run. A value without I/O.
///
/// Each method takes an event and returns the actions that follow. A replacement always has the same order: the new
/// worker is started, it becomes ready, then the old worker drains. Times are milliseconds of the monotonic clock.
struct Fleet {
    private(set) var rules: Rules
    private(set) var wanted: Int
    private(set) var members: [Member] = []
    private(set) var ledger: CrashCounter
    /// The release that new workers are started with.
    private(set) var current: Int
    /// The previous release, to return to while the current release is on trial.
    private(set) var previous: Int?
    private(set) var isStopping = false
    /// Whether the current release is new and none of its workers has been ready yet.
    private(set) var isOnTrial = false
    private(set) var isReloading = false
    private(set) var hasServed: Bool
    private var status: CInt = 0
    private var lastId = 0
    private var backOff = BackOff()
    private var startAt = 0
    /// Whether the last worker failed to start, so that a stand-in may be needed.
    private(set) var isFailing = false
    private var actions: [Action] = []
    /// Returns a random number from 0 to the given number.
    private let random: (Int) -> Int

    /// `hasServed`: whether the group counts as having served, so that a failed first start does not end it.
    init(
        rules: Rules, release: Int, hasServed: Bool = false,
        random: @escaping (Int) -> Int = { $0 > 0 ? Int.random(in: 0...$0) : 0 }
    ) {
        self.rules = rules
        self.hasServed = hasServed
        self.wanted = rules.workers
        self.current = release
        self.ledger = CrashCounter(most: rules.crashes, window: rules.crashWindow)
        self.random = random
    }

    func member(_ id: Int) -> Member? { self.members.first { $0.id == id } }

    /// Whether every worker serves the current release or drains, and no reload or shutdown is in progress.
    var isCalm: Bool {
        !self.isStopping && !self.isReloading
            && self.members.allSatisfy { $0.state == .draining || ($0.state == .ready && $0.release == self.current) }
    }

    /// The time when `observe` must be called, even without another event; `nil` if never.
    var due: Int? {
        let kills = self.members.compactMap(\.killAt)
        let starts = self.members.filter { $0.state == .starting && $0.killAt == nil }.map {
            $0.born + self.rules.start
        }
        return ((self.needsStart ? [self.startAt] : []) + kills + starts).min()
    }

    // MARK: Events

    mutating func start(now: Int) -> [Action] { self.decide(now) }

    mutating func ready(_ id: Int, now: Int) -> [Action] {
        // During a shutdown a starting worker is being killed, and must not begin to serve.
        guard let at = self.members.firstIndex(where: { $0.id == id }), self.members[at].state == .starting,
            !self.isStopping
        else { return [] }
        self.members[at].state = .ready
        self.members[at].readyAt = now
        self.members[at].requestLimit = self.rules.requests.map { $0 + self.random(self.rules.requestJitter) }
        if self.members[at].release == self.current, !self.members[at].isStandIn {
            self.isOnTrial = false
            self.isFailing = false
        }
        return self.decide(now)
    }

    /// Records that a draining worker accepts no more connections: other workers get every new connection.
    mutating func stoppedAccepting(_ id: Int, now: Int) -> [Action] {
        guard let at = self.members.firstIndex(where: { $0.id == id }) else { return [] }
        self.members[at].hasStoppedAccepting = true
        return self.decide(now)
    }

    /// Handles the end of a worker, or a failed start. `reason`: why it ended or could not start.
    ///
    /// `culprit`: the hash of the application whose crash ended it. `isNeeded`: whether a first start without this
    /// application must fail. `status`: the exit status of the server if nothing has served yet.
    mutating func ended(
        _ id: Int, culprit: String?, isNeeded: Bool = true, reason: String, status: CInt, now: Int
    ) -> [Action] {
        guard let at = self.members.firstIndex(where: { $0.id == id }) else { return [] }
        let member = self.members.remove(at: at)
        let wasReady = member.state != .starting
        guard !self.isStopping else {
            // A worker that failed during the shutdown makes the status 1, unless it was to be killed for a stalled
            // loop.
            if wasReady, status != 0, self.status == 0, member.retirement != .stalled { self.status = 1 }
            return self.decide(now)
        }
        if member.state != .draining {
            let wait = self.backOff.failed(after: wasReady ? now - member.readyAt : nil)
            self.startAt = now + wait
            if wait > 0 { self.actions.append(.log(.waiting(milliseconds: wait))) }
        }
        if !wasReady, !self.hasServed {
            guard let culprit, !isNeeded else {
                self.status = status
                return self.stop(now: now)
            }
            return self.giveUp(culprit)
        }
        if !member.isStandIn {
            if !wasReady { self.failedToStart(member, reason) }
            if let culprit, member.release == self.current, self.ledger.record(culprit, now: now) {
                self.giveUpReload("new workers have crashed too often")
                return self.giveUp(culprit)
            }
        }
        return self.decide(now)
    }

    /// Quarantines an application. No worker is started before the release that follows.
    private mutating func giveUp(_ culprit: String) -> [Action] {
        self.actions.append(.quarantine(culprit))
        defer { self.actions = [] }
        return self.actions
    }

    /// Replaces all workers by workers of another release.
    mutating func replace(by release: Int, because cause: ReplacementCause, now: Int) -> [Action] {
        guard !self.isStopping else { return [] }
        self.previous = cause == .reload ? self.isOnTrial ? self.previous : self.current : nil
        self.current = release
        self.isOnTrial = cause == .reload
        self.isReloading = cause == .reload
        self.isFailing = false
        if cause == .reload { self.backOff.reset() }
        self.startAt = now
        for at in self.members.indices { self.retire(at, cause == .reload ? .replaced : .quarantined, now) }
        return self.decide(now)
    }

    /// Changes the release number of running workers, which have changed their applications in place.
    mutating func setRelease(to release: Int) {
        for at in self.members.indices where self.members[at].release == self.current {
            self.members[at].release = release
        }
        self.current = release
        self.previous = nil
    }

    /// Sets the rules for the workers from now on.
    mutating func adopt(_ rules: Rules) {
        self.wanted += rules.workers - self.rules.workers
        self.rules = rules
    }

    /// Ends the quarantine of this hash.
    mutating func pardon(_ hash: String) { self.ledger.pardon(hash) }

    /// Ends the quarantine of this hash if there is one, and otherwise keeps its count.
    mutating func pardonIfQuarantined(_ hash: String) {
        if self.ledger.isQuarantined(hash) { self.ledger.pardon(hash) }
    }

    mutating func resize(by count: Int, now: Int) -> [Action] {
        self.wanted = max(1, self.wanted + count)
        return self.decide(now)
    }

    /// Starts a graceful shutdown.
    mutating func stop(now: Int) -> [Action] {
        guard !self.isStopping else { return [] }
        self.isStopping = true
        for at in self.members.indices {
            if self.members[at].state == .starting {
                self.actions.append(.kill(self.members[at].id))
            } else {
                self.members[at].state = .draining
                self.members[at].killAt = min(self.members[at].killAt ?? .max, now + self.rules.stop)
                self.actions.append(.stop(self.members[at].id))
            }
        }
        return self.decide(now)
    }

    /// Kills all workers.
    mutating func kill(now: Int) -> [Action] {
        var actions = self.stop(now: now)
        for member in self.members { actions.append(.kill(member.id)) }
        return actions
    }

    /// Checks deadlines and limits against the observations, by worker id.
    mutating func observe(now: Int, _ observations: [Int: Observation]) -> [Action] {
        for at in self.members.indices {
            let member = self.members[at]
            if let killAt = member.killAt, now >= killAt {
                self.members[at].killAt = nil
                self.actions += [.log(.overdue(member.id)), .kill(member.id)]
            }
            switch member.state {
            case .starting:
                if member.killAt == nil, now - member.born >= self.rules.start {
                    self.members[at].killAt = .max
                    self.actions += [.log(.neverReady(member.id)), .kill(member.id)]
                }
            case .ready:
                guard !member.isStandIn, let seen = observations[member.id], !self.isStopping else { break }
                self.judge(at, seen, now)
            case .draining: break
            }
        }
        return self.decide(now)
    }

    // MARK: Decisions

    private mutating func judge(_ at: Int, _ seen: Observation, _ now: Int) {
        let member = self.members[at]
        if let stall = self.rules.stall, seen.silence >= stall, member.retirement != .stalled {
            self.members[at].retirement = nil
            self.actions.append(.examine(member.id))
            self.retire(at, .stalled, now)
            // Requests on its other loops may still finish; with one loop there is nothing to wait for.
            self.members[at].killAt = now + (seen.loops > 1 ? self.rules.grace : 1000)
        }
        guard member.retirement == nil else { return }
        if let limit = member.requestLimit, seen.requests >= limit { self.retire(at, .requests, now) }
        if let limit = self.rules.memory, seen.memory > limit { self.retire(at, .memory, now) }
        if let limit = self.rules.lifetime, now - member.readyAt >= limit { self.retire(at, .lifetime, now) }
    }

    private mutating func retire(_ at: Int, _ why: Retirement, _ now: Int) {
        let member = self.members[at]
        guard member.retirement == nil, !member.isStandIn, member.state != .draining else { return }
        self.members[at].retirement = why
        // A worker that is not ready needs no replacement first.
        guard member.state == .ready else { return self.drain(at, now) }
        self.actions.append(.log(.retiring(member.id, why)))
    }

    private mutating func failedToStart(_ member: Member, _ reason: String) {
        self.isFailing = true
        guard member.release == self.current else { return }
        self.giveUpReload(reason)
        if self.isOnTrial, let previous { self.goBack(to: previous) }
    }

    private mutating func giveUpReload(_ reason: String) {
        guard self.isReloading else { return }
        self.actions.append(.notReloaded(reason))
        self.isReloading = false
    }

    private mutating func goBack(to release: Int) {
        self.current = release
        self.previous = nil
        self.isOnTrial = false
        self.isFailing = false
        self.backOff.reset()
        self.startAt = 0
        for at in self.members.indices
        where self.members[at].release == release && self.members[at].retirement == .replaced {
            self.members[at].retirement = nil
        }
    }

    /// The workers that serve the applications or are starting to: neither stand-ins nor draining.
    private var real: [Member] { self.members.filter { !$0.isStandIn && $0.state != .draining } }
    private var fresh: [Member] { self.real.filter { $0.retirement == nil && $0.release == self.current } }

    /// The number of workers to start: missing workers all at once, replacements one after another.
    private var missing: Int {
        guard !self.isStopping else { return 0 }
        let fresh = self.fresh
        // A release on trial starts one worker first.
        let isWaiting = fresh.contains { $0.state == .starting }
        let replacements = isWaiting ? 0 : min(1, self.wanted - fresh.count)
        return max(self.isOnTrial && self.hasServed ? 0 : self.wanted - self.real.count, replacements)
    }

    private var needsStart: Bool { self.missing > 0 }

    /// Returns the actions that are due now.
    private mutating func decide(_ now: Int) -> [Action] {
        if self.isStopping {
            if self.members.isEmpty { self.actions.append(.exit(self.status)) }
        } else {
            if now >= self.startAt { for _ in 0..<max(self.missing, 0) { self.start(now, isStandIn: false) } }
            self.arrangeStandIn(now)
            self.drainSurplus(now)
            self.reportProgress()
        }
        defer { self.actions = [] }
        return self.actions
    }

    private mutating func start(_ now: Int, isStandIn: Bool) {
        self.lastId += 1
        self.members.append(
            Member(id: self.lastId, release: self.current, isStandIn: isStandIn, born: now))
        self.actions.append(.start(self.lastId, release: self.current, isStandIn: isStandIn))
    }

    /// Starts or drains a stand-in, which answers that the application failed. Without it clients would wait in a queue
    /// from which no worker accepts.
    private mutating func arrangeStandIn(_ now: Int) {
        let isServed = self.real.contains { $0.state == .ready && $0.retirement != .quarantined }
        let standsIn = self.members.contains { $0.isStandIn && $0.state != .draining }
        if !isServed, self.isFailing {
            if !standsIn { self.start(now, isStandIn: true) }
        } else if isServed, standsIn {
            for at in self.members.indices where self.members[at].isStandIn { self.drain(at, now) }
        }
    }

    private mutating func drainSurplus(_ now: Int) {
        // Workers with a quarantined application drain as soon as one worker without it is ready.
        if self.fresh.contains(where: { $0.state == .ready }) {
            for at in self.members.indices
            where self.members[at].retirement == .quarantined && self.members[at].state == .ready {
                self.drain(at, now)
            }
        }
        let ready = self.real.filter { $0.state == .ready }
        let order = ready.filter { $0.retirement != nil } + ready.filter { $0.retirement == nil }.reversed()
        for member in order.prefix(max(ready.count - self.wanted, 0)) {
            if let at = self.members.firstIndex(where: { $0.id == member.id }) { self.drain(at, now) }
        }
    }

    private mutating func drain(_ at: Int, _ now: Int) {
        guard self.members[at].state != .draining else { return }
        if self.members[at].state == .starting {
            self.actions.append(.kill(self.members[at].id))
        } else {
            self.actions.append(.drain(self.members[at].id))
        }
        self.members[at].state = .draining
        self.members[at].killAt = min(self.members[at].killAt ?? .max, now + self.rules.stop)
    }

    private mutating func reportProgress() {
        let fresh = self.fresh.filter { $0.state == .ready }
        guard fresh.count >= self.wanted else { return }
        if !self.hasServed {
            self.hasServed = true
            self.actions.append(.serving)
        }
        // Reported only once every new connection reaches a new worker.
        let haveOldStopped = self.members.allSatisfy {
            $0.hasStoppedAccepting || $0.state == .starting || ($0.release == self.current && !$0.isStandIn)
        }
        if self.isReloading, haveOldStopped {
            self.isReloading = false
            self.actions.append(.reloaded)
        }
    }
}
