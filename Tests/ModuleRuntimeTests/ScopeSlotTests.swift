import CASGI
import Glibc
import Logging
import RoostSettings
import Synchronization
import TestSupport
import Testing

@testable import ModuleRuntime

/// The protocol by which threads announce calls about a scope to a loop that may end the scope.
@Suite("Scope slots")
struct ScopeSlotTests {
    private typealias Model = ScopeSlotModel

    /// Visits every state that any order of steps leads to. Returns the number of states, and the first fault.
    private static func explore(_ works: [Model.Work], mistake: Model.Mistake? = nil) -> (states: Int, fault: String?) {
        let first = Model(works, mistake: mistake)
        var seen: Set<Model> = [first]
        var queue = [first]
        while let model = queue.popLast() {
            if let violation = model.violation { return (seen.count, violation) }
            let successors = model.successors
            if successors.isEmpty, !model.isSettled { return (seen.count, "it is stuck: \(model)") }
            for next in successors where seen.insert(next).inserted { queue.append(next) }
        }
        return (seen.count, nil)
    }

    private static let works: [Model.Work] = [.call(ordered: false), .call(ordered: true), .finish, .job]

    /// All combinations of two and of three threads.
    static let choices: [[ScopeSlotModel.Work]] = {
        let pairs = works.indices.flatMap { one in works.indices.filter { $0 >= one }.map { [one, $0] } }
        let triples = pairs.flatMap { pair in works.indices.filter { $0 >= pair[1] }.map { pair + [$0] } }
        return (pairs + triples).map { $0.map { works[$0] } }
    }()

    @Test("every interleaving of two or three threads recycles the slot, and not too early", arguments: Self.choices)
    func interleavings(works: [ScopeSlotModel.Work]) {
        let (states, fault) = Self.explore(works)
        #expect(fault == nil)
        #expect(states > 100)
    }

    @Test(
        "the exploration finds every deliberate mistake",
        arguments: [
            (ScopeSlotModel.Mistake.checkBeforeHold, ScopeSlotModel.Work.call(ordered: false), "recycled under a call"),
            (.lookBeforeEnd, .call(ordered: false), "recycled under a call"),
            (.letGoBeforeJob, .job, "recycled under a call"), (.jobsBeforeHeld, .job, "recycled under a call"),
            (.noKnockWhenHeld, .call(ordered: false), "stuck"), (.noKnockAfterJob, .job, "stuck"),
        ])
    func mistakes(mistake: ScopeSlotModel.Mistake, work: ScopeSlotModel.Work, fault: String) throws {
        let found = try #require(Self.explore([work, work], mistake: mistake).fault)
        #expect(found.contains(fault))
    }

    /// Threads that announce calls to a slot, as fast as they can, while its scopes begin and end.
    private final class Stress: Sendable {
        static let scopes = 2_000

        // SAFETY: other threads use only the atomics of the slot; the rest is used by the thread that is its home.
        nonisolated(unsafe) let slot = UnsafeMutablePointer<ScopeSlot>.allocate(capacity: 1)
        /// The memory of the scope. Written without a lock, so the thread sanitizer reports a call that the protocol
        /// lets through by mistake.
        // SAFETY: the protocol under test orders the accesses.
        nonisolated(unsafe) let memory = UnsafeMutablePointer<asgi_id>.allocate(capacity: 1)
        let id = Atomic<asgi_id>(0)
        let isOver = Atomic(false)
        let announced = Atomic(0)
        let turnedAway = Atomic(0)
        let wrong = Atomic(0)

        init() {
            self.slot.initialize(to: ScopeSlot(number: 1, home: ScopeHome(loop: nil, mailbox: nil)))
            self.memory.initialize(to: 0)
        }

        deinit {
            self.slot.deinitialize(count: 1)
            self.slot.deallocate()
            self.memory.deallocate()
        }

        /// The home of the slot: begins each scope, ends it, and waits until no other thread holds it.
        func serve(_ generation: Generation) {
            for number in 0..<Self.scopes {
                let id = self.slot.pointee.open(for: generation)
                self.memory.pointee = id
                let before = self.announced.load(ordering: .relaxed)
                self.id.store(id, ordering: .releasing)
                // Every second scope stays open until a thread has announced a call; the others end at once.
                while number % 2 == 0, self.announced.load(ordering: .relaxed) == before { sched_yield() }
                if !self.slot.pointee.end(id) { self.wrong.add(1, ordering: .relaxed) }
                while self.slot.pointee.isHeld || self.slot.pointee.hasJobs { sched_yield() }
                self.memory.pointee = 0
            }
            self.isOver.store(true, ordering: .releasing)
        }

        func call() {
            var number = 0
            while !self.isOver.load(ordering: .acquiring) {
                number += 1
                let id = self.id.load(ordering: .acquiring)
                // No scope has begun: 0 is the id of a free slot, which `ScopeTable` does not look up.
                guard id != 0 else { continue }
                let (isOrdered, isJob) = (number % 3 == 0, number % 3 == 1)
                guard isJob ? self.slot.pointee.beginJob(id) : self.slot.pointee.announce(id, ordered: isOrdered) else {
                    self.turnedAway.add(1, ordering: .relaxed)
                    // Lets the home run if there are fewer CPUs than threads.
                    sched_yield()
                    continue
                }
                self.announced.add(1, ordering: .relaxed)
                if self.memory.pointee != id { self.wrong.add(1, ordering: .relaxed) }
                if isJob { self.slot.pointee.endJob(id) } else { self.slot.pointee.complete(ordered: isOrdered) }
            }
        }
    }

    @Test("threads that announce calls never see the memory of another scope, and all counters return to 0")
    func stress() async throws {
        let facilities = HostFacilities(mailboxes: [], threads: 0, queue: 0, groups: 1, views: ViewLimits())
        let generation = Generation(
            name: "stress", number: 1, application: { _, _, _ in ASGI_DONE }, flags: 0, settings: .none,
            proxyPath: "", mount: .root, facilities: facilities, logger: Logger(label: "test"))
        let stress = Stress()
        async let callers: Void = withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<3 { group.addTask { try await onThread { stress.call() } } }
            try await group.waitForAll()
        }
        try await onThread { stress.serve(generation) }
        try await callers
        #expect(stress.wrong.load(ordering: .relaxed) == 0)
        #expect(stress.announced.load(ordering: .relaxed) >= Stress.scopes / 2)
        #expect(stress.turnedAway.load(ordering: .relaxed) > 0)
        #expect(!stress.slot.pointee.isHeld && !stress.slot.pointee.hasJobs)
        #expect(stress.slot.pointee.ordered.load(ordering: .sequentiallyConsistent) == 0)
    }
}
