/// A change of what is mounted, while workers run: prepared in one of them, then in the others, then mounted in all. A value without I/O.
///
/// One goes ahead: what crashes it is not tried in the others.
package struct MountChange {
    /// What is to be done next.
    package enum Step: Equatable {
        case prepare([Int])
        case commit([Int])
        case done
        case nothing
    }

    package let number: Int
    /// What it leads to.
    package let roster: Roster
    package let adding: Set<UInt32>
    package let removing: Set<UInt32>
    /// When whoever has not answered is given up.
    package let deadline: Int

    package private(set) var isCommitting = false
    /// What it has come to is what is served.
    package var isAmended: Bool { self.before != nil }
    /// What was served before that.
    package var before: Roster?
    private var waiting: Set<Int> = []
    /// Workers that have prepared it.
    private var prepared: [Int] = []
    private var rest: [Int] = []
    /// Those of `adding` that did not start, and why.
    package private(set) var faults: [UInt32: String] = [:]
    /// Something newer has come for some of `adding`: none of them is mounted.
    package private(set) var isWithdrawn = false
    /// When what led to it was looked at, milliseconds of the monotonic clock.
    package var begun = 0

    package init(number: Int, _ roster: Roster, adding: [UInt32], removing: [UInt32], deadline: Int) {
        self.number = number
        self.roster = roster
        self.adding = Set(adding)
        self.removing = Set(removing)
        self.deadline = deadline
    }

    /// Those that are to be mounted still.
    package var mounting: Set<UInt32> { self.isWithdrawn ? [] : self.adding.subtracting(self.faults.keys) }
    /// Who has not answered.
    package var late: Set<Int> { self.waiting }

    package mutating func begin(_ workers: [Int]) -> Step {
        self.rest = workers
        if self.adding.isEmpty { self.prepared = workers }
        return self.advance()
    }

    /// Something newer has come. Nobody is waited for who has not prepared it: whoever comes late drops it.
    package mutating func withdraw() -> Step {
        guard !self.isCommitting, !self.isWithdrawn else { return .nothing }
        self.isWithdrawn = true
        self.rest += self.waiting.sorted()
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

    /// A worker has ended; by the fault of what has this number, as far as anybody knows.
    package mutating func ended(_ worker: Int, culprit: UInt32?, _ reason: String) -> Step {
        self.rest.removeAll { $0 == worker }
        self.prepared.removeAll { $0 == worker }
        guard self.waiting.remove(worker) != nil else { return .nothing }
        if !self.isCommitting {
            // Nobody knows which: none of them is tried again.
            let guilty = culprit.map { self.adding.contains($0) ? [$0] : [] } ?? self.adding
            for number in guilty where self.faults[number] == nil { self.faults[number] = reason }
        }
        guard self.waiting.isEmpty else { return .nothing }
        return self.isCommitting ? .done : self.advance()
    }

    private mutating func advance() -> Step {
        if !self.rest.isEmpty, !self.mounting.isEmpty {
            let next = self.prepared.isEmpty ? [self.rest[0]] : self.rest
            self.rest.removeAll { next.contains($0) }
            self.waiting = Set(next)
            return .prepare(next)
        }
        self.isCommitting = true
        // With nothing to mount the others have nothing to prepare.
        let all = self.prepared + self.rest.filter { !self.prepared.contains($0) }
        self.rest = []
        self.waiting = Set(all)
        return all.isEmpty ? .done : .commit(all)
    }
}
