/// A change of the mounted applications in running workers: prepared in one worker, then in the others, then committed
/// in all. A value type without I/O.
///
/// One worker goes first: a generation that crashes it is not tried in the others.
package struct MountChange {
    /// The next step, in the workers with these ids.
    package enum Step: Equatable {
        case prepare([Int])
        case commit([Int])
        case done
        case nothing
    }

    package let number: Int
    /// The applications if all of the change succeeds.
    package let roster: Roster
    package let adding: Set<UInt32>
    package let removing: Set<UInt32>

    package private(set) var isCommitting = false
    private var waiting: Set<Int> = []
    /// Workers that have prepared it.
    private var prepared: [Int] = []
    /// Workers that have not been asked to prepare it.
    private var remaining: [Int] = []
    /// The applications of `adding` that did not start, and why.
    package private(set) var faults: [UInt32: String] = [:]
    /// Whether a newer change concerns some of `adding`: none of them is mounted then.
    package private(set) var isWithdrawn = false

    /// `faults`: why some of `adding` cannot be started in any worker.
    package init(
        number: Int, _ roster: Roster, adding: [UInt32], faults: [UInt32: String] = [:], removing: [UInt32]
    ) {
        self.faults = faults
        self.number = number
        self.roster = roster
        self.adding = Set(adding)
        self.removing = Set(removing)
    }

    /// The applications that are still to be mounted.
    package var mounting: Set<UInt32> { self.isWithdrawn ? [] : self.adding.subtracting(self.faults.keys) }
    /// The workers that have not answered.
    package var unanswered: Set<Int> { self.waiting }

    package mutating func start(_ workers: [Int]) -> Step {
        self.remaining = workers
        if self.adding.isEmpty { self.prepared = workers }
        return self.advance()
    }

    /// Withdraws the change for a newer one. Workers that have not prepared it are not waited for; they drop it when
    /// they have.
    package mutating func withdraw() -> Step {
        guard !self.isCommitting, !self.isWithdrawn else { return .nothing }
        self.isWithdrawn = true
        self.remaining += self.waiting.sorted()
        self.waiting = []
        return self.advance()
    }

    package mutating func prepared(_ worker: Int, _ faults: [UInt32: String]) -> Step {
        guard !self.isCommitting, self.waiting.remove(worker) != nil else { return .nothing }
        self.prepared.append(worker)
        self.faults.merge(faults.filter { self.adding.contains($0.key) }) { first, _ in first }
        return self.waiting.isEmpty ? self.advance() : .nothing
    }

    package mutating func committed(_ worker: Int) -> Step {
        guard self.isCommitting, self.waiting.remove(worker) != nil else { return .nothing }
        return self.waiting.isEmpty ? .done : .nothing
    }

    /// A worker has ended. `culprit`: the responsible application; nil if unknown.
    package mutating func ended(_ worker: Int, culprit: UInt32?, _ reason: String) -> Step {
        self.remaining.removeAll { $0 == worker }
        self.prepared.removeAll { $0 == worker }
        guard self.waiting.remove(worker) != nil else { return .nothing }
        if !self.isCommitting {
            // Without a known culprit none of the applications is tried again.
            let guilty = culprit.map { self.adding.contains($0) ? [$0] : [] } ?? self.adding
            for number in guilty where self.faults[number] == nil { self.faults[number] = reason }
        }
        guard self.waiting.isEmpty else { return .nothing }
        return self.isCommitting ? .done : self.advance()
    }

    private mutating func advance() -> Step {
        if !self.remaining.isEmpty, !self.mounting.isEmpty {
            let next = self.prepared.isEmpty ? [self.remaining[0]] : self.remaining
            self.remaining.removeAll { next.contains($0) }
            self.waiting = Set(next)
            return .prepare(next)
        }
        self.isCommitting = true
        // If nothing is to be mounted, the other workers have nothing to prepare.
        let all = self.prepared + self.remaining.filter { !self.prepared.contains($0) }
        self.remaining = []
        self.waiting = Set(all)
        return all.isEmpty ? .done : .commit(all)
    }
}
