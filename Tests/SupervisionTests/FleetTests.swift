import RoostDeployment
import Testing

@testable import Supervision

@Suite("Fleet: which workers must run")
struct FleetTests {
    /// Acts as the supervisor of a fleet, without processes.
    private struct World {
        var fleet: Fleet
        var now = 0
        /// The actions of the fleet, without log entries.
        var done: [Fleet.Action] = []
        var logged: [Fleet.Notice] = []

        init(workers: Int = 1, _ change: (inout Fleet.Rules) -> Void = { _ in }) {
            var rules = Fleet.Rules(
                workers: workers, requestJitter: 0, start: 75_000, grace: 30_000, stop: 95_000, crashes: 3,
                crashWindow: 60_000)
            change(&rules)
            self.fleet = Fleet(rules: rules, release: 1, random: { $0 })
            self.perform(self.fleet.start(now: 0))
        }

        mutating func perform(_ actions: [Fleet.Action]) {
            for action in actions {
                if case .log(let notice) = action { self.logged.append(notice) } else { self.done.append(action) }
            }
        }

        /// Returns the actions since the last call.
        mutating func seen() -> [Fleet.Action] {
            defer { self.done = [] }
            return self.done
        }

        mutating func ready(_ id: Int) { self.perform(self.fleet.ready(id, now: self.now)) }
        mutating func stoppedAccepting(_ id: Int) { self.perform(self.fleet.stoppedAccepting(id, now: self.now)) }
        mutating func ended(_ id: Int, culprit: String? = nil, isNeeded: Bool = true, status: CInt = 3) {
            self.perform(
                self.fleet.ended(
                    id, culprit: culprit, isNeeded: isNeeded, reason: "crashed", status: status, now: self.now))
        }
        mutating func replace(_ number: Int, because cause: ReplacementCause = .reload) {
            self.perform(self.fleet.replace(by: number, because: cause, now: self.now))
        }
        mutating func observe(after time: Int = 0, _ seen: [Int: Fleet.Observation] = [:]) {
            self.now += time
            self.perform(self.fleet.observe(now: self.now, seen))
        }
        var states: [String] { self.fleet.members.map { "\($0.id) \($0.state)" } }
    }

    private static func start(_ id: Int, release: Int = 1, standsIn: Bool = false) -> Fleet.Action {
        .start(id, release: release, isStandIn: standsIn)
    }

    @Test("all workers are started at once, and the fleet serves when all are ready")
    func boot() {
        var world = World(workers: 3)
        #expect(world.seen() == [Self.start(1), Self.start(2), Self.start(3)])
        world.ready(1)
        world.ready(2)
        #expect(world.seen() == [])
        world.ready(3)
        #expect(world.seen() == [.serving])
    }

    @Test("a worker that exits before the fleet has served stops the server with its status")
    func bootFailure() {
        var world = World(workers: 2)
        _ = world.seen()
        world.ready(1)
        world.ended(2, culprit: "a")
        #expect(world.seen() == [.stop(1)])
        world.ended(1)
        #expect(world.seen() == [.exit(3)])
    }

    @Test("a worker that exits once is restarted at once, and a crash loop is slowed down by the back-off")
    func backOff() {
        var world = World { $0.crashes = 100 }
        world.ready(1)
        _ = world.seen()
        var waits: [Int] = []
        for id in 1...10 {
            world.now += 10
            world.ended(id, culprit: "a")
            if world.seen() != [Self.start(id + 1)] {
                let due = world.fleet.due ?? 0
                waits.append(due - world.now)
                world.observe(after: due - world.now)
                #expect(world.seen() == [Self.start(id + 1)])
            }
            world.ready(id + 1)
            _ = world.seen()
        }
        #expect(waits == [100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600])
        // A worker that was ready for long enough resets the back-off.
        world.now += BackOff.stableTime
        world.ended(11)
        #expect(world.seen() == [Self.start(12)])
    }

    @Test("a new worker is ready before an old one drains, one after another")
    func rolling() {
        var world = World(workers: 2)
        world.ready(1)
        world.ready(2)
        _ = world.seen()
        world.replace(2)
        #expect(world.seen() == [Self.start(3, release: 2)])
        world.ready(3)
        #expect(world.seen() == [Self.start(4, release: 2), .drain(1)])
        world.ready(4)
        #expect(world.seen() == [.drain(2)])
        world.stoppedAccepting(1)
        #expect(world.seen() == [])
        // Reported only once every new connection reaches a new worker.
        world.stoppedAccepting(2)
        #expect(world.seen() == [.reloaded])
        world.ended(1)
        world.ended(2)
        #expect(world.seen() == [])
        #expect(world.states == ["3 ready", "4 ready"])
    }

    @Test("a release whose first worker does not start is withdrawn, and the previous release keeps serving")
    func refusedReload() {
        var world = World(workers: 2)
        world.ready(1)
        world.ready(2)
        _ = world.seen()
        world.replace(2)
        world.ended(3, culprit: "a")
        #expect(world.seen() == [Self.start(3, release: 2), .notReloaded("crashed")])
        #expect(world.fleet.current == 1)
        #expect(world.fleet.members.allSatisfy { $0.retirement == nil })
        // The crash of a failed release does not count.
        #expect(!world.fleet.ledger.isQuarantined("a"))
    }

    @Test("after a quarantine no worker starts until a release without the application follows")
    func quarantine() {
        var world = World(workers: 2)
        world.ready(1)
        world.ready(2)
        _ = world.seen()
        world.now += 5000
        world.ended(1, culprit: "a")
        world.ready(3)
        world.now += 5000
        world.ended(3, culprit: "a")
        world.ready(4)
        _ = world.seen()
        world.now += 5000
        world.ended(4, culprit: "a")
        #expect(world.seen() == [.quarantine("a")])
        world.replace(2, because: .quarantine)
        #expect(world.seen() == [Self.start(5, release: 2)])
        world.ready(5)
        // The other worker has the quarantined application too.
        #expect(world.seen() == [Self.start(6, release: 2), .drain(2)])
        world.ready(6)
        world.ended(2)
        #expect(world.seen() == [])
        #expect(world.states == ["5 ready", "6 ready"])
        // A later release is on trial again, and the fleet returns to the one before it.
        world.replace(3)
        world.ended(7)
        #expect(world.seen().contains(.notReloaded("crashed")))
        #expect(world.fleet.current == 2)
    }

    @Test("an optional application that crashes at the first start is quarantined at once")
    func firstStart() {
        var world = World(workers: 2)
        _ = world.seen()
        world.ended(1, culprit: "a", isNeeded: false)
        #expect(world.seen() == [.quarantine("a")])
        world.replace(2, because: .quarantine)
        #expect(world.seen() == [.kill(2), Self.start(3, release: 2), Self.start(4, release: 2)])
        world.ended(2)
        world.ready(3)
        world.ready(4)
        #expect(world.seen() == [.serving])
    }

    @Test("workers that change their applications in place have the new release")
    func amend() {
        var world = World(workers: 2)
        #expect(!world.fleet.isCalm)
        world.ready(1)
        world.ready(2)
        #expect(world.fleet.isCalm)
        _ = world.seen()
        world.fleet.setRelease(to: 2)
        #expect(world.fleet.isCalm)
        world.observe()
        #expect(world.seen() == [])
        world.ended(1)
        #expect(world.seen() == [Self.start(3, release: 2)])
        #expect(!world.fleet.isCalm)
        world.ready(3)
        world.replace(3)
        #expect(!world.fleet.isCalm)
        world.ended(4)
        #expect(world.seen().contains(.notReloaded("crashed")))
        #expect(world.fleet.current == 2)
    }

    @Test("crashes that are far apart do not lead to quarantine")
    func oldCrashes() {
        var world = World()
        world.ready(1)
        for id in 1...10 {
            world.now += 30_001
            world.ended(id, culprit: "a")
            world.ready(id + 1)
        }
        #expect(!world.fleet.ledger.isQuarantined("a"))
    }

    @Test("a stand-in answers for an application that does not start, and another start is tried")
    func failing() {
        var world = World()
        world.ready(1)
        _ = world.seen()
        world.now += 5000
        world.ended(1)
        world.ended(2, status: 1)
        #expect(world.seen() == [Self.start(2), Self.start(3, standsIn: true)])
        world.ready(3)
        world.observe(after: 100)
        #expect(world.seen() == [Self.start(4)])
        world.ready(4)
        #expect(world.seen() == [.drain(3)])
    }

    @Test("requests, memory and lifetime above their limits replace a worker")
    func limits() {
        var world = World {
            $0.requests = 100
            $0.requestJitter = 20
            $0.memory = 1000
            $0.lifetime = 60_000
            $0.stall = nil
        }
        world.ready(1)
        _ = world.seen()
        world.observe([1: Fleet.Observation(requests: 119, memory: 1000)])
        #expect(world.seen() == [])
        world.observe([1: Fleet.Observation(requests: 120, memory: 1000)])
        #expect(world.seen() == [Self.start(2)])
        world.ready(2)
        #expect(world.seen() == [.drain(1)])
        world.observe([2: Fleet.Observation(memory: 1001)])
        world.ready(3)
        #expect(world.seen() == [Self.start(3), .drain(2)])
        world.observe(after: 60_000, [3: Fleet.Observation()])
        #expect(world.seen() == [Self.start(4)])
        #expect(
            world.logged == [.retiring(1, .requests), .retiring(2, .memory), .retiring(3, .lifetime)])
    }

    @Test("a worker with a stalled loop is examined, replaced and killed")
    func stall() {
        var world = World { $0.stall = 60_000 }
        world.ready(1)
        _ = world.seen()
        world.observe(after: 60_000, [1: Fleet.Observation(silence: 59_999)])
        #expect(world.seen() == [])
        world.observe([1: Fleet.Observation(silence: 60_000)])
        #expect(world.seen() == [.examine(1), Self.start(2)])
        world.observe(after: 1000, [1: Fleet.Observation(silence: 61_000)])
        #expect(world.seen() == [.kill(1)])
        world.ended(1)
        world.ready(2)
        #expect(world.states == ["2 ready"])
    }

    @Test("the kill of a stalled worker does not change the exit status of a shutdown")
    func stallAndStop() {
        var world = World { $0.stall = 60_000 }
        world.ready(1)
        world.observe(after: 60_000, [1: Fleet.Observation(silence: 60_000)])
        world.ready(2)
        _ = world.seen()
        world.perform(world.fleet.stop(now: world.now))
        world.observe(after: 1000)
        #expect(world.seen().contains(.kill(1)))
        world.ended(1)
        world.ended(2, status: 0)
        #expect(world.seen() == [.exit(0)])
    }

    @Test("a worker that is not ready in time is killed, and its start has failed")
    func neverReady() {
        var world = World { $0.start = 5000 }
        _ = world.seen()
        #expect(world.fleet.due == 5000)
        world.observe(after: 5000)
        world.observe(after: 5000)
        #expect(world.seen() == [.kill(1)])
        world.ended(1)
        #expect(world.seen() == [.exit(3)])
    }

    @Test("resizing adds and removes workers, but never the last")
    func resize() {
        var world = World()
        world.ready(1)
        _ = world.seen()
        world.perform(world.fleet.resize(by: 1, now: 0))
        #expect(world.seen() == [Self.start(2)])
        world.ready(2)
        world.perform(world.fleet.resize(by: -1, now: 0))
        #expect(world.seen() == [.drain(2)])
        world.ended(2)
        world.perform(world.fleet.resize(by: -1, now: 0))
        #expect(world.seen() == [])
    }

    @Test("a shutdown stops ready workers, kills starting ones, and kills the rest after the timeout")
    func stop() {
        var world = World(workers: 2) { $0.stop = 1000 }
        world.ready(1)
        _ = world.seen()
        world.perform(world.fleet.stop(now: 0))
        #expect(world.seen() == [.stop(1), .kill(2)])
        world.ended(2)
        world.observe(after: 999)
        #expect(world.seen() == [])
        world.observe(after: 1)
        #expect(world.seen() == [.kill(1)])
        world.ended(1)
        #expect(world.seen() == [.exit(1)])
    }

    @Test("a worker that reports ready while a shutdown kills it does not change the exit status")
    func readyInStop() {
        var world = World()
        _ = world.seen()
        world.perform(world.fleet.stop(now: 0))
        world.ready(1)
        world.ended(1, status: 137)
        #expect(world.seen() == [.kill(1), .exit(0)])
    }

    @Test("a complete shutdown exits with 0")
    func stopped() {
        var world = World()
        world.ready(1)
        _ = world.seen()
        world.perform(world.fleet.stop(now: 0))
        world.ended(1, status: 0)
        #expect(world.seen() == [.stop(1), .exit(0)])
    }

    @Test("a second stop kills all workers")
    func killAll() {
        var world = World(workers: 2)
        world.ready(1)
        world.ready(2)
        _ = world.seen()
        world.perform(world.fleet.stop(now: 0))
        world.perform(world.fleet.kill(now: 0))
        #expect(world.seen() == [.stop(1), .stop(2), .kill(1), .kill(2)])
    }

    @Test("random events never start more than one worker too many, and the fleet recovers")
    func anything() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<1000 {
            let workers = Int.random(in: 1...4, using: &random)
            var world = World(workers: workers)
            var release = 1
            for _ in 0..<200 {
                let ids = world.fleet.members.map(\.id)
                let id = ids.randomElement(using: &random) ?? 0
                world.now += Int.random(in: 0...3000, using: &random)
                switch Int.random(in: 0..<10, using: &random) {
                case 0..<5: world.ready(id)
                case 5: world.ended(id, culprit: ["a", "b", "c"].randomElement(using: &random))
                case 6: world.ended(id)
                case 7:
                    release += 1
                    world.replace(release)
                case 8 where world.fleet.isCalm:
                    release += 1
                    world.fleet.setRelease(to: release)
                default: world.observe()
                }
                // The supervisor reacts to a quarantine at once.
                if case .quarantine? = world.done.last {
                    release += 1
                    world.replace(release, because: .quarantine)
                }
                if world.done.contains(where: { if case .exit = $0 { true } else { false } }) { break }
                let serving = world.fleet.members.filter { $0.state != .draining && !$0.isStandIn }
                #expect(serving.count <= world.fleet.wanted + 1)
                #expect(world.fleet.members.count { $0.isStandIn && $0.state != .draining } <= 1)
            }
            // Without further events the fleet recovers: all workers are ready.
            for _ in 0..<100 {
                guard !world.fleet.isStopping else { break }
                world.observe(after: BackOff.longest)
                for member in world.fleet.members where member.state == .starting { world.ready(member.id) }
                for member in world.fleet.members where member.state == .draining { world.ended(member.id) }
            }
            if world.fleet.isStopping {
                for member in world.fleet.members { world.ended(member.id) }
                #expect(world.fleet.members.isEmpty)
            } else {
                #expect(world.states.count == workers)
                #expect(world.fleet.members.allSatisfy { $0.release == world.fleet.current && !$0.isStandIn })
            }
        }
    }
}
