import Testing

@testable import RoostDeployment

@Suite("Mount changes across workers")
struct MountChangeTests {
    /// A function, since `#expect` cannot take an expression that mutates a value.
    private func expect(
        _ step: MountChange.Step, _ wanted: MountChange.Step, at place: SourceLocation = #_sourceLocation
    ) { #expect(step == wanted, sourceLocation: place) }

    private func change(adding: [UInt32] = [], removing: [UInt32] = []) -> MountChange {
        MountChange(number: 1, Roster(), adding: adding, removing: removing)
    }

    @Test("one worker prepares first, then the others, then all commit")
    func inOrder() {
        var change = self.change(adding: [5])
        expect(change.start([1, 2, 3]), .prepare([1]))
        expect(change.prepared(2, [:]), .nothing)
        expect(change.prepared(1, [:]), .prepare([2, 3]))
        expect(change.prepared(3, [:]), .nothing)
        expect(change.committed(3), .nothing)
        expect(change.prepared(2, [:]), .commit([1, 3, 2]))
        #expect(change.mounting == [5])
        expect(change.committed(1), .nothing)
        expect(change.committed(1), .nothing)
        expect(change.committed(2), .nothing)
        expect(change.committed(3), .done)
    }

    @Test("a withdrawn change waits for no worker, mounts nothing, and ignores late answers")
    func withdrawn() {
        var change = self.change(adding: [5], removing: [6])
        _ = change.start([1, 2])
        expect(change.withdraw(), .commit([2, 1]))
        #expect(change.mounting == [])
        expect(change.prepared(1, [:]), .nothing)
        expect(change.withdraw(), .nothing)
        expect(change.committed(1), .nothing)
        expect(change.committed(2), .done)
    }

    @Test("a removal needs no preparation; a change without workers is done at once")
    func removal() {
        var change = self.change(removing: [5])
        expect(change.start([1, 2]), .commit([1, 2]))
        var alone = self.change(adding: [5])
        expect(alone.start([]), .done)
    }

    @Test("an application that fails in the first worker is not tried in others; one that fails later is not mounted")
    func refused() {
        var change = self.change(adding: [5, 6])
        _ = change.start([1, 2])
        expect(change.prepared(1, [5: "no"]), .prepare([2]))
        #expect(change.mounting == [6])
        expect(change.prepared(2, [6: "not here"]), .commit([1, 2]))
        #expect(change.mounting == [])
        #expect(change.faults == [5: "no", 6: "not here"])
        var only = self.change(adding: [5])
        _ = only.start([1, 2])
        expect(only.prepared(1, [5: "no", 99: "never asked"]), .commit([1, 2]))
        #expect(only.faults == [5: "no"])
    }

    @Test(
        "the exit of a worker in preparation fails the culprit, or all applications; then another worker goes first"
    )
    func deaths() {
        var change = self.change(adding: [5, 6])
        _ = change.start([1, 2, 3])
        expect(change.ended(1, culprit: 5, "crashed"), .prepare([2]))
        #expect(change.mounting == [6])
        expect(change.prepared(2, [:]), .prepare([3]))
        expect(change.ended(3, culprit: nil, "killed"), .commit([2]))
        #expect(change.mounting == [])
        expect(change.ended(2, culprit: nil, "killed"), .done)
    }

    @Test("a worker that exits after its answer, or during the commit, is not waited for")
    func later() {
        var change = self.change(adding: [5])
        _ = change.start([1, 2, 3])
        _ = change.prepared(1, [:])
        expect(change.ended(1, culprit: nil, "killed"), .nothing)
        _ = change.prepared(2, [:])
        expect(change.prepared(3, [:]), .commit([2, 3]))
        #expect(change.faults == [:])
        expect(change.ended(3, culprit: 5, "crashed"), .nothing)
        #expect(change.mounting == [5])
        expect(change.committed(2), .done)
    }

    @Test("a change ends when every worker has answered or exited, in any order")
    func anything() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let workers = Array(1...Int.random(in: 1...4, using: &random))
            var change = self.change(
                adding: (0..<UInt32.random(in: 0...3, using: &random)).map { $0 }, removing: [9])
            var living = Set(workers)
            var asked: Set<Int> = []
            var isCommitting = false
            var isDone = false
            func follow(_ step: MountChange.Step) {
                switch step {
                case .prepare(let ids):
                    #expect(!isCommitting)
                    #expect(living.isSuperset(of: ids))
                    asked.formUnion(ids)
                case .commit(let ids):
                    #expect(!isCommitting)
                    isCommitting = true
                    #expect(living == Set(ids))
                    asked = Set(ids)
                case .done:
                    #expect(!isDone)
                    isDone = true
                case .nothing: break
                }
            }
            follow(change.start(workers))
            for _ in 0..<50 where !isDone {
                guard let id = living.randomElement(using: &random) else { break }
                if Int.random(in: 0..<8, using: &random) == 0 {
                    living.remove(id)
                    asked.remove(id)
                    follow(change.ended(id, culprit: [nil, 0, 1, 7].randomElement(using: &random)!, "died"))
                } else if asked.contains(id) {
                    asked.remove(id)
                    let faults: [UInt32: String] = Bool.random(using: &random) ? [:] : [0: "no"]
                    follow(isCommitting ? change.committed(id) : change.prepared(id, faults))
                }
            }
            for id in asked where !isDone { follow(isCommitting ? change.committed(id) : change.prepared(id, [:])) }
            for id in living where !isDone { follow(change.committed(id)) }
            #expect(isDone || living.isEmpty)
        }
    }
}
