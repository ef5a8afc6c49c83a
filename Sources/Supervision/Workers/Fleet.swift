import RoostDeployment

/// Which workers there have to be, and what comes next: the supervisor's decisions, a value without I/O.
///
/// Told what has happened, it answers with what is to be done. The order of a replacement is always the same: the new one is
/// started, says that it is ready, then the old one drains. Times are milliseconds of the monotonic clock.
struct Fleet {
    private(set) var rules: Rules
    private(set) var wanted: Int
    private(set) var members: [Member] = []
    private(set) var ledger: CrashLedger
    /// What workers are started with, by number.
    private(set) var current: Int
    /// What served before, while the current one is on trial.
    private(set) var previous: Int?
    private(set) var isStopping = false
    /// A release is on its way whose first worker is not ready.
    private(set) var isOnTrial = false
    private(set) var isReloading = false
    private(set) var hasServed: Bool
    private var status: CInt = 0
    private var lastId = 0
    private var backOff = BackOff()
    private var startAt = 0
    /// The last worker was not there when it should have been: a stand-in may have to answer.
    private(set) var isFailing = false
    private var actions: [Action] = []
    /// A number below the one given.
    private let random: (Int) -> Int

    /// `hasServed`: no failure of a start ends the whole.
    init(
        rules: Rules, release: Int, hasServed: Bool = false,
        random: @escaping (Int) -> Int = { $0 > 0 ? Int.random(in: 0...$0) : 0 }
    ) {
        self.rules = rules
        self.hasServed = hasServed
        self.wanted = rules.workers
        self.current = release
        self.ledger = CrashLedger(most: rules.crashes, window: rules.crashWindow)
        self.random = random
    }

    func member(_ id: Int) -> Member? { self.members.first { $0.id == id } }

    /// Whether every worker serves the current release, and none is about to be there or to go.
    var isCalm: Bool {
        !self.isStopping && !self.isReloading
            && self.members.allSatisfy { $0.state == .draining || ($0.state == .ready && $0.release == self.current) }
    }

    /// When something has to be looked at again though nothing happens; nil: never.
    var due: Int? {
        let kills = self.members.compactMap(\.killAt)
        let starts = self.members.filter { $0.state == .starting && $0.killAt == nil }.map {
            $0.born + self.rules.start
        }
        return ((self.needsStart ? [self.startAt] : []) + kills + starts).min()
    }

    // MARK: What happens

    mutating func start(now: Int) -> [Action] { self.decide(now) }

    mutating func ready(_ id: Int, now: Int) -> [Action] {
        // One that is being killed, since everything ends, does not come to serve.
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

    /// A worker that drains accepts nothing any more: every new connection is another's.
    mutating func stoppedAccepting(_ id: Int, now: Int) -> [Action] {
        guard let at = self.members.firstIndex(where: { $0.id == id }) else { return [] }
        self.members[at].hasStoppedAccepting = true
        return self.decide(now)
    }

    /// A worker has ended, or (`reason`) said that it cannot start. `culprit`: it was the crash of what has this hash; `isNeeded`: a first
    /// start without it makes no sense. `status`: what the whole leaves with if nothing has served yet.
    mutating func ended(
        _ id: Int, culprit: String?, isNeeded: Bool = true, reason: String, status: CInt, now: Int
    ) -> [Action] {
        guard let at = self.members.firstIndex(where: { $0.id == id }) else { return [] }
        let member = self.members.remove(at: at)
        let wasReady = member.state != .starting
        guard !self.isStopping else {
            // A stop that did not come to its end by itself says so; who was to be killed anyway is no fault of the stop.
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

    /// Nothing is started before the release that follows.
    private mutating func giveUp(_ culprit: String) -> [Action] {
        self.actions.append(.quarantine(culprit))
        defer { self.actions = [] }
        return self.actions
    }

    /// Another release is to serve.
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

    /// Whoever serves has become another release while it runs.
    mutating func setRelease(to release: Int) {
        for at in self.members.indices where self.members[at].release == self.current {
            self.members[at].release = release
        }
        self.current = release
        self.previous = nil
    }

    /// Workers are to be otherwise from here on.
    mutating func adopt(_ rules: Rules) {
        self.wanted += rules.workers - self.rules.workers
        self.rules = rules
    }

    /// Somebody wants what has this hash tried, whatever was before.
    mutating func pardon(_ hash: String) { self.ledger.pardon(hash) }

    mutating func resize(by count: Int, now: Int) -> [Action] {
        self.wanted = max(1, self.wanted + count)
        return self.decide(now)
    }

    /// Everything ends.
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

    /// Everything ends now.
    mutating func kill(now: Int) -> [Action] {
        var actions = self.stop(now: now)
        for member in self.members { actions.append(.kill(member.id)) }
        return actions
    }

    /// Time has passed.
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

    // MARK: What follows

    private mutating func judge(_ at: Int, _ seen: Observation, _ now: Int) {
        let member = self.members[at]
        if let stall = self.rules.stall, seen.silence >= stall, member.retirement != .stalled {
            self.members[at].retirement = nil
            self.actions.append(.examine(member.id))
            self.retire(at, .stalled, now)
            // Its other loops serve on until their requests have ended; with none there is nothing to wait for.
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
        // Nobody waits for one that is not ready.
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

    /// Those that serve the application, or will.
    private var real: [Member] { self.members.filter { !$0.isStandIn && $0.state != .draining } }
    private var fresh: [Member] { self.real.filter { $0.retirement == nil && $0.release == self.current } }

    /// How many are to be started: what is missing at once, replacements one after another.
    private var missing: Int {
        guard !self.isStopping else { return 0 }
        let fresh = self.fresh
        // A release on trial sends one ahead.
        let isWaiting = fresh.contains { $0.state == .starting }
        let replacements = isWaiting ? 0 : min(1, self.wanted - fresh.count)
        return max(self.isOnTrial && self.hasServed ? 0 : self.wanted - self.real.count, replacements)
    }

    private var needsStart: Bool { self.missing > 0 }

    /// Does what is to be done now.
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

    /// Somebody has to answer that the application is not there: a queue that nobody accepts from would let clients wait.
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
        // What is quarantined makes way for the first without it.
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
        // Not before the next request is certain to be the new one's.
        let haveOldStopped = self.members.allSatisfy {
            $0.hasStoppedAccepting || $0.state == .starting || ($0.release == self.current && !$0.isStandIn)
        }
        if self.isReloading, haveOldStopped {
            self.isReloading = false
            self.actions.append(.reloaded)
        }
    }
}
