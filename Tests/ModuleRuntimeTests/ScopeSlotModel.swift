/// A model of the protocol of `ScopeSlot`, as a value: the event loop that a scope belongs to, and threads that call
/// about the scope. Each step is one atomic operation of the code. `successors` has every state that one step of one
/// thread leads to.
struct ScopeSlotModel: Hashable {
    /// Deliberate mistakes. A test checks that the exploration finds each of them.
    enum Mistake: Hashable {
        case checkBeforeHold
        case lookBeforeEnd
        case noKnockWhenHeld
        case noKnockAfterJob
        case letGoBeforeJob
        case jobsBeforeHeld
    }

    /// What a thread does, once.
    enum Work: Hashable {
        /// Puts a call into the mailbox. If `ordered`, calls on the loop must not overtake it.
        case call(ordered: Bool)
        /// Ends the id, and puts that call into the mailbox.
        case finish
        /// Keeps the scope's memory for a job that is not in the mailbox.
        case job
    }

    struct Caller: Hashable {
        enum Step: Hashable {
            case hold, check, turnAway, order, end, unorder, put
            case addJob, letGo, run, removeJob, checkAfterJob
            case done
        }

        var work: Work
        var step = Step.hold

        /// Whether it uses the scope's memory in this step.
        var needsMemory: Bool {
            switch self.step {
            case .order, .end, .put, .addJob, .letGo, .run, .removeJob: true
            case .hold, .check, .turnAway, .unorder, .checkAfterJob, .done: false
            }
        }
    }

    struct Message: Hashable {
        var isOrdered: Bool
        var isFinish = false
    }

    /// The next operation of the loop.
    enum Home: Hashable {
        case idle
        /// In `recycle`. `inDrain`: the loop then continues with the calls that it took from the mailbox.
        case looksAtHeld(inDrain: Bool)
        case looksAtJobs(inDrain: Bool)
        /// Only with the mistake: the loop has read `held` before the end.
        case ends(wasHeld: Bool)
        case performs
        case unorders(Message)
        case letsGo
        /// After the last call that was taken: checks a leaving scope again.
        case revisits
    }

    var mistake: Mistake?
    var callers: [Caller]
    /// The open id: 1 for the scope, 2 for the scope that gets the slot next, 0 for none.
    var open = 1
    var held = 0
    var ordered = 0
    var jobs = 0
    var mailbox: [Message] = []
    var taken: [Message] = []
    /// The number of drains that were requested from the loop.
    var drains = 0
    var home = Home.idle
    /// Whether the loop has seen the end of the scope.
    var isEnded = false
    var isUnmounting = false
    var isRecycled = false
    /// The invariant that was violated.
    var violation: String?

    init(_ works: [Work], mistake: Mistake? = nil) {
        self.callers = works.map { Caller(work: $0) }
        self.mistake = mistake
        if mistake == .checkBeforeHold { for index in self.callers.indices { self.callers[index].step = .check } }
    }

    // MARK: Exploration

    var successors: [ScopeSlotModel] {
        guard self.violation == nil else { return [] }
        var next: [ScopeSlotModel] = []
        for index in self.callers.indices where self.callers[index].step != .done {
            var model = self
            model.stepCaller(index)
            next.append(model)
        }
        next += self.homeSuccessors
        for index in next.indices { next[index].checkInvariants() }
        return next
    }

    /// Whether the state is valid when no further step is possible.
    var isSettled: Bool {
        self.isRecycled && self.held == 0 && self.ordered == 0 && self.jobs == 0 && self.mailbox.isEmpty
            && self.open != 1
    }

    private mutating func checkInvariants() {
        let isNeeded = self.callers.contains(where: \.needsMemory) || !self.mailbox.isEmpty || !self.taken.isEmpty
        if self.isRecycled, isNeeded { self.violation = "the slot was recycled under a call" }
        if self.ordered < self.mailbox.count(where: \.isOrdered) {
            self.violation = "a call on the loop could overtake"
        }
        if self.held < 0 || self.ordered < 0 || self.jobs < 0 { self.violation = "a counter is below 0" }
    }

    // MARK: Threads

    private mutating func stepCaller(_ index: Int) {
        let work = self.callers[index].work
        let isOrdered = work == .finish || work == .call(ordered: true)
        let next: Caller.Step
        switch self.callers[index].step {
        case .hold:
            self.held += 1
            next = self.mistake == .checkBeforeHold ? self.announced(work) : .check
        case .check:
            let isOpen = self.open == 1
            next =
                if self.mistake == .checkBeforeHold { isOpen ? .hold : .done } else if isOpen {
                    self.announced(work)
                } else {
                    .turnAway
                }
        case .turnAway:
            self.held -= 1
            next = .done
        case .order:
            self.ordered += 1
            next = work == .finish ? .end : .put
        case .end:
            if self.open == 1 {
                self.open = 0
                next = .put
            } else {
                next = .unorder
            }
        case .unorder:
            self.ordered -= 1
            next = .turnAway
        case .put:
            self.mailbox.append(Message(isOrdered: isOrdered, isFinish: work == .finish))
            if self.mailbox.count == 1 { self.drains += 1 }
            next = .done
        case .addJob:
            self.jobs += 1
            next = self.mistake == .letGoBeforeJob ? .run : .letGo
        case .letGo:
            self.held -= 1
            next = self.mistake == .letGoBeforeJob ? .addJob : .run
        case .run: next = .removeJob
        case .removeJob:
            self.jobs -= 1
            next = .checkAfterJob
        case .checkAfterJob:
            if self.open != 1, self.mistake != .noKnockAfterJob { self.drains += 1 }
            next = .done
        case .done: next = .done
        }
        self.callers[index].step = next
    }

    private func announced(_ work: Work) -> Caller.Step {
        switch work {
        case .call(ordered: false): .put
        case .call(ordered: true), .finish: .order
        case .job: self.mistake == .letGoBeforeJob ? .letGo : .addJob
        }
    }

    // MARK: The loop

    private var homeSuccessors: [ScopeSlotModel] {
        var model = self
        switch self.home {
        case .idle:
            var next: [ScopeSlotModel] = []
            if !self.isEnded {
                // The application returned, or the host ends the scope.
                var ending = self
                if self.mistake == .lookBeforeEnd {
                    ending.home = .ends(wasHeld: self.held != 0)
                } else {
                    ending.end()
                    ending.home = .looksAtHeld(inDrain: false)
                }
                next.append(ending)
            }
            if self.drains > 0 {
                model.drains -= 1
                model.taken = self.mailbox
                model.mailbox = []
                model.home = model.taken.isEmpty ? .revisits : .performs
                next.append(model)
            }
            return next
        case .ends(let wasHeld):
            model.end()
            if wasHeld { model.leave(isHeld: true, inDrain: false) } else { model.home = .looksAtJobs(inDrain: false) }
        case .looksAtHeld(let inDrain):
            let isHeld = self.mistake != .jobsBeforeHeld
            if (isHeld ? self.held : self.jobs) != 0 {
                model.leave(isHeld: isHeld, inDrain: inDrain)
            } else {
                model.home = .looksAtJobs(inDrain: inDrain)
            }
        case .looksAtJobs(let inDrain):
            let isHeld = self.mistake == .jobsBeforeHeld
            if (isHeld ? self.held : self.jobs) != 0 {
                model.leave(isHeld: isHeld, inDrain: inDrain)
            } else {
                model.recycle(inDrain: inDrain)
            }
        case .performs:
            // A call that ends the scope makes the loop try to recycle it before the call is completed.
            let message = self.taken[0]
            if message.isFinish, !self.isEnded {
                model.isEnded = true
                model.home = .looksAtHeld(inDrain: true)
            } else {
                model.complete()
            }
        case .unorders(let message):
            if message.isOrdered { model.ordered -= 1 }
            model.home = .letsGo
        case .letsGo:
            model.held -= 1
            model.taken.removeFirst()
            model.home = model.taken.isEmpty ? .revisits : .performs
        case .revisits:
            model.home = .idle
            if self.isUnmounting {
                model.isUnmounting = false
                model.home = .looksAtHeld(inDrain: false)
            }
        }
        return [model]
    }

    private mutating func end() {
        self.isEnded = true
        if self.open == 1 { self.open = 0 }
    }

    private mutating func complete() { self.home = .unorders(self.taken[0]) }

    private mutating func leave(isHeld: Bool, inDrain: Bool) {
        if !self.isUnmounting {
            self.isUnmounting = true
            if isHeld, self.mistake != .noKnockWhenHeld { self.drains += 1 }
        }
        if inDrain { self.complete() } else { self.home = .idle }
    }

    private mutating func recycle(inDrain: Bool) {
        self.isRecycled = true
        self.isUnmounting = false
        // Another scope takes the slot at once.
        self.open = 2
        if inDrain { self.complete() } else { self.home = .idle }
    }
}
