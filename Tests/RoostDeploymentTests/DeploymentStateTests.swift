import ModuleRuntime
import RoostModules
import RoostSettings
import RoostSystem
import Testing

@testable import RoostDeployment

/// Deployment changes with a simulated driver, which reports results when the test says so.
@Suite("The deployment state machine")
struct DeploymentStateTests {
    /// The workers of all groups, as a driver reports them.
    private struct Workers: DeploymentWorkers {
        var canReplace = true
        var statuses: [String?: WorkersStatus] = [:]
        /// The obstacles by the hashes of generations.
        var obstacles: [String: String] = [:]

        func status(of group: String?) -> WorkersStatus { self.statuses[group] ?? WorkersStatus() }
        func obstacle(to application: PreparedApplication, in group: String?) -> String? {
            self.obstacles[application.hash]
        }
    }

    private struct World {
        var state: DeploymentState
        var workers = Workers()
        var now = 0
        /// The driver's actions as text. Scans are made at once and not recorded.
        var done: [String] = []
        /// The result of the next scans.
        var found: [DeclaredApplication]
        /// Why the next scans fail; nil if they succeed.
        var fault: HostError?
        /// The changed settings of the server that the next scans find.
        var restartSettings: String?

        init(_ declared: [DeclaredApplication], groups: [String] = [], canReplace: Bool = true) throws {
            self.found = declared
            self.state = try DeploymentState(
                Deployment(preparation: ApplicationPreparation(), workers: .example), Deployment.Scan(entries: declared)
            )
            self.workers.canReplace = canReplace
            for name in [nil] + groups.map({ $0 as String? }) {
                var status = WorkersStatus()
                status.ready = [1]
                self.workers.statuses[name] = status
            }
            self.advance()
        }

        mutating func advance() {
            while true {
                let actions = self.state.advance(now: self.now, self.workers)
                guard !actions.isEmpty else { return }
                for action in actions { self.perform(action) }
            }
        }

        mutating func perform(_ actions: [DeploymentAction]) {
            for action in actions { self.perform(action) }
            self.advance()
        }

        private mutating func perform(_ action: DeploymentAction) {
            switch action {
            case .scan(let order):
                let scan = Deployment.Scan(entries: self.found)
                var deployment = order.deployment
                deployment.restartSettings = self.restartSettings
                let outcome = ScanOutcome(
                    order: order, result: self.fault.map { .failure($0) } ?? .success(scan),
                    deployment: deployment)
                for action in self.state.scanned(outcome, now: self.now) { self.perform(action) }
            case .prepare(let group, let workers, let change, let applications):
                self.note("prepare", group, "\(workers) \(change) \(applications.map(\.number))")
            case .commit(let group, let workers, let change, let mounting, let removing, let instead):
                self.note(
                    "commit", group,
                    "\(workers) \(change) +\(mounting.sorted()) -\(removing.sorted()) instead \(instead.map(\.number))")
            case .replaceWorkers(let group, let release, let cause, let pardoned):
                self.note("replace", group, "\(release) \(cause) \(pardoned)")
            case .startGroup(let name): self.note("start", name, "")
            case .stopGroup(let name): self.note("stop", name, "")
            case .setRelease(let group, let release): self.note("release", group, "\(release)")
            case .kill(let group, let workers, let reason): self.note("kill", group, "\(workers) \(reason)")
            case .answerReload(let text, let fault): self.done.append("answer \(text)\(fault.map { " | \($0)" } ?? "")")
            case .log(let event, let fields):
                let shown = fields.filter { ["application", "reason", "serving"].contains($0.key) }
                self.done.append("\(event.level): \(event.name)\(LogText.fields(shown))")
            case .accept, .changeEnded, .adopt, .removeCopies: break
            }
        }

        private mutating func note(_ action: String, _ group: String?, _ rest: String) {
            self.done.append("\(action) \(group ?? "-") \(rest)")
        }

        /// Removes and returns the recorded actions.
        mutating func removeDone() -> [String] {
            defer { self.done = [] }
            return self.done
        }

        mutating func reload(_ found: [DeclaredApplication], _ request: ReloadRequest = ReloadRequest(isAsked: true)) {
            self.found = found
            self.state.reload(PendingReload(request))
            self.advance()
        }

        mutating func prepared(_ change: Int, of group: String? = nil, _ faults: [UInt32: String] = [:]) {
            self.perform(self.state.rollout.prepared(1, of: group, change: change, faults: faults, now: self.now))
        }

        mutating func committed(_ change: Int, of group: String? = nil) {
            self.perform(self.state.rollout.committed(1, of: group, change: change, now: self.now))
        }

        var serving: [String] {
            self.state.roster.applications.map { "\($0.name) \($0.serves ? $0.prepared?.hash ?? "" : "-")" }
        }
    }

    private func declared(_ name: String, _ version: String?, group: String? = nil) throws -> DeclaredApplication {
        var entry = ApplicationEntry(
            module: try ModuleName("./\(name).so"), mount: try Mount(path: "/\(name)"), name: name, settings: nil)
        entry.group = group
        guard let version else {
            return DeclaredApplication(entry, .failure(HostError(code: .module, message: "\(name) is broken")))
        }
        return DeclaredApplication(
            entry,
            .success(
                PreparedApplication(
                    entry, ImageKey(resolved: "/\(name).so", hash: version, symbol: "application"),
                    LoadableImage(path: "\(name).so", folder: "/", staged: StagedModule(path: "/copy/\(version)")))))
    }

    @Test("a change is prepared, then committed; waiting callers are answered at its end")
    func inPlace() throws {
        var world = try World([try self.declared("a", "1")])
        world.reload([try self.declared("a", "2"), try self.declared("b", "1")])
        #expect(world.removeDone() == ["prepare - [1] 1 [1, 2]"])
        #expect(world.serving == ["a 1", "b 1"])
        world.prepared(1)
        #expect(world.removeDone() == ["commit - [1] 1 +[1, 2] -[] instead []", "release - 2"])
        world.committed(1)
        #expect(
            world.removeDone() == [
                "info: reloaded application=a", "info: mounted application=b",
                "answer a: generation 2, in place, 0 ms\nb: mounted at /b",
            ])
        #expect(world.state.rollout.roster(of: nil, release: 2)?.applications.map(\.number) == [1, 2])
    }

    @Test(
        "a generation that does not start is rolled back; a new application gets a stand-in and is tried again"
    )
    func rollback() throws {
        var world = try World([try self.declared("a", "1")])
        world.reload([try self.declared("a", "2"), try self.declared("b", "1")])
        world.prepared(1, [1: "no database", 2: "no disk"])
        #expect(
            world.removeDone() == [
                "prepare - [1] 1 [1, 2]", "commit - [1] 1 +[] -[] instead [2]", "release - 2",
            ])
        world.committed(1)
        #expect(world.serving == ["a 1", "b -"])
        #expect(
            world.removeDone() == [
                "error: reload failed, previous version still serving application=a reason=\"no database\"",
                "error: application not serving application=b reason=\"no disk\"",
                "answer  | no database; no disk",
            ])
        // The refused generation is tried again only on request, the new application without one.
        world.now = try #require(world.state.due)
        world.advance()
        #expect(world.removeDone() == ["prepare - [1] 2 [2]"])
        world.prepared(2)
        world.committed(2)
        #expect(world.serving == ["a 1", "b 1"])
        world.reload([try self.declared("a", "2"), try self.declared("b", "1")], ReloadRequest())
        #expect(!world.removeDone().contains { $0.hasPrefix("prepare") })
        #expect(world.serving == ["a 1", "b 1"])
    }

    @Test("generations that cannot be loaded beside the old ones get new workers, after the change in place")
    func newWorkers() throws {
        var world = try World([try self.declared("a", "1"), try self.declared("b", "1")])
        world.workers.obstacles["2"] = "it has static TLS"
        world.reload([try self.declared("a", "2"), try self.declared("b", "3")])
        #expect(world.removeDone() == ["prepare - [1] 1 [2]"])
        world.prepared(1)
        world.committed(1)
        #expect(
            world.removeDone().suffix(3) == [
                "info: reloaded application=b",
                "info: new worker needed application=a reason=\"it has static TLS\"", "replace - 3 reload [\"2\"]",
            ])
        #expect(world.state.isReloading)
        world.advance()
        #expect(world.removeDone() == [])
        world.perform(world.state.rollout.replaced(nil, now: 5))
        #expect(world.serving == ["a 2", "b 3"])
        #expect(
            world.removeDone().last?.hasPrefix("answer a: generation 2, new workers, 5 ms\nb: generation 3, in place")
                == true)
    }

    @Test("new workers that do not start leave the applications as they were, and the reason is reported")
    func notReplaced() throws {
        var world = try World([try self.declared("a", "1")])
        world.reload([try self.declared("a", "2")], ReloadRequest(isAsked: true, inNewWorkers: true))
        #expect(world.removeDone() == ["replace - 2 reload [\"2\"]"])
        #expect(world.state.rollout.roster(of: nil, release: 2)?[1]?.mustStart == true)
        world.perform(world.state.rollout.notReplaced(nil, release: 1, reason: "crashed", now: 0))
        #expect(world.serving == ["a 1"])
        #expect(world.state.roster[1]?.fault == "crashed")
        #expect(
            world.removeDone() == [
                "error: reload failed, previous version still serving reason=crashed", "answer  | crashed",
            ])
    }

    @Test("without other processes an obstacle refuses its own generation only")
    func oneProcess() throws {
        var world = try World([try self.declared("a", "1"), try self.declared("b", "1")], canReplace: false)
        world.workers.obstacles["2"] = "it has static TLS"
        world.reload([try self.declared("a", "2"), try self.declared("b", "3")])
        #expect(world.removeDone() == ["prepare - [1] 1 [2]"])
        world.prepared(1)
        world.committed(1)
        #expect(world.serving == ["a 1", "b 3"])
        let answer = try #require(world.removeDone().last)
        #expect(answer.contains("b: generation 3, in place"))
        #expect(
            answer.contains(
                "| a.so: cannot be loaded beside the previous version, since it has static TLS; restart the server"))
    }

    @Test("a group has an application before requests are relayed to it, and until they no longer are")
    func groups() throws {
        var world = try World([try self.declared("a", "1")])
        world.reload([try self.declared("a", "1"), try self.declared("b", "1", group: "g")])
        #expect(world.removeDone() == ["start g "])
        // The group has no worker yet: the workers that accept connections do not relay to it.
        world.advance()
        #expect(world.removeDone() == [])
        var status = WorkersStatus()
        status.ready = [1]
        world.workers.statuses["g"] = status
        world.advance()
        #expect(world.removeDone() == ["prepare - [1] 1 [2]"])
        world.prepared(1)
        world.committed(1)
        _ = world.removeDone()
        world.reload([try self.declared("a", "1")])
        #expect(world.removeDone() == ["commit - [1] 2 +[] -[2] instead []", "release - 3"])
        world.committed(2)
        #expect(world.removeDone().contains("stop g "))
        world.state.rollout.groupEnded("g")
        world.advance()
        #expect(world.serving == ["a 1"])
    }

    @Test("a newer file withdraws a change in preparation, and is deployed")
    func withdrawn() throws {
        var world = try World([try self.declared("a", "1")])
        world.reload([try self.declared("a", "2")])
        world.reload([try self.declared("a", "3")])
        #expect(world.removeDone() == ["prepare - [1] 1 [1]", "commit - [1] 1 +[] -[] instead []", "release - 2"])
        // This answer comes after the withdrawal.
        world.prepared(1)
        world.committed(1)
        #expect(world.removeDone() == ["prepare - [1] 2 [1]"])
        world.prepared(2)
        world.committed(2)
        #expect(world.serving == ["a 3"])
    }

    @Test("a worker that does not answer in time is given up once; the change continues after its exit")
    func late() throws {
        var world = try World([try self.declared("a", "1")])
        world.reload([try self.declared("a", "2")])
        _ = world.removeDone()
        world.now = try #require(world.state.due)
        world.advance()
        world.advance()
        #expect(world.removeDone() == ["kill - [1] did not apply a change in time"])
        let (isOfChange, actions) = world.state.rollout.ended(
            1, of: nil, culprit: "2", reason: "crashed", now: world.now)
        #expect(isOfChange)
        world.perform(actions)
        #expect(world.serving == ["a 1"])
        #expect(world.removeDone().contains("answer  | crashed"))
    }

    @Test("a reload names changed settings that need a restart, in its answer and in the log")
    func restartNeeded() throws {
        var world = try World([try self.declared("a", "1")])
        world.restartSettings = "server.workers"
        world.reload([try self.declared("a", "1")])
        #expect(
            world.removeDone() == [
                "warning: restart needed", "answer changed settings need a restart: server.workers",
            ])
    }

    @Test("a generation that crashes workers is quarantined, and workers without it take over")
    func quarantine() throws {
        var world = try World([try self.declared("a", "1")])
        world.perform(
            world.state.rollout.quarantine("1", of: nil, isFirst: false, now: 0, isQuarantined: { _ in false }))
        #expect(world.removeDone().last == "replace - 2 quarantine []")
        #expect(world.serving == ["a -"])
        guard case .standIn(.quarantined)? = world.state.rollout.roster(of: nil, release: 2)?[1]?.answerer else {
            Issue.record("it is not answered for")
            return
        }
    }

    @Test("a program's application that does not start is dropped and not tried again")
    func program() throws {
        let prepared = try #require(try self.declared("a", "1").prepared)
        var state = DeploymentState([], workers: .example)
        let workers = Workers(
            canReplace: false,
            statuses: [
                nil: {
                    var status = WorkersStatus(); status.ready = [1]; return status
                }()
            ])
        state.mount(DeployedApplication(number: 1, prepared), now: 0)
        guard case .prepare(_, _, 1, _)? = state.advance(now: 0, workers).first else {
            Issue.record("it is not prepared")
            return
        }
        let commit = state.rollout.prepared(1, of: nil, change: 1, faults: [1: "no"], now: 0)
        guard case .commit(_, _, 1, [], [], let instead)? = commit.first else {
            Issue.record("\(commit)")
            return
        }
        #expect(instead.isEmpty)
        _ = state.rollout.committed(1, of: nil, change: 1, now: 0)
        guard case .answerReload(_, "no")? = state.advance(now: 0, workers).first else {
            Issue.record("no caller is answered")
            return
        }
        #expect(state.roster.applications.isEmpty)
        #expect(state.due == nil)
    }

    @Test("workers with recreated sockets are replaced even if the reload is refused")
    func socketsOfRefusedReload() throws {
        var world = try World([try self.declared("a", "1")])
        world.fault = HostError(code: .settings, message: "settings.yaml:1: no")
        world.state.reload(PendingReload(ReloadRequest(isAsked: true), replacing: [nil], faults: ["no socket"]))
        world.advance()
        #expect(
            world.removeDone() == [
                "error: reload failed, previous version still serving reason=\"settings.yaml:1: no\"",
                "answer  | settings.yaml:1: no; no socket", "replace - 2 reload []",
            ])
    }

    @Test("a quarantine during a change of another application is kept")
    func quarantineDuringChange() throws {
        var world = try World([try self.declared("a", "1"), try self.declared("b", "1b")])
        world.reload([try self.declared("a", "1"), try self.declared("b", "2b")])
        world.perform(
            world.state.rollout.quarantine("1", of: nil, isFirst: false, now: 0, isQuarantined: { _ in false }))
        world.prepared(1)
        world.committed(1)
        #expect(world.serving == ["a -", "b 2b"])
    }

    @Test("a quarantine ends a replacement in progress; waiting callers are answered")
    func quarantineDuringReplacement() throws {
        var world = try World([try self.declared("a", "1"), try self.declared("b", "1b")])
        world.reload(
            [try self.declared("a", "2"), try self.declared("b", "2b")],
            ReloadRequest(isAsked: true, inNewWorkers: true))
        _ = world.removeDone()
        world.perform(
            world.state.rollout.quarantine("2", of: nil, isFirst: true, now: 3, isQuarantined: { _ in false }))
        let done = world.removeDone()
        #expect(done.contains("replace - 3 quarantine []"))
        #expect(done.last == "answer b: generation 2b, new workers, 3 ms | crashed in its startup")
    }

    @Test("a retry that has to wait is not due at once, and nothing is due after a stop")
    func due() throws {
        var world = try World([try self.declared("a", "1")])
        world.perform(world.state.rollout.ready(release: 1, of: nil, faults: [1: "no database"], now: 0))
        let time = try #require(world.state.due)
        world.workers.statuses[nil]?.isCalm = false
        world.now = time
        world.advance()
        #expect(try #require(world.state.due) > time)
        world.state.stop()
        #expect(world.state.due == nil)
    }

    @Test("a host without workers refuses applications that request a group; other faults are kept")
    func withoutGroups() throws {
        let scan = Deployment.Scan(entries: [
            try self.declared("a", "1", group: "g"), try self.declared("b", nil, group: "g"),
        ]).withoutGroups
        #expect(scan.declared.allSatisfy { $0.group == nil && $0.prepared == nil })
        guard case .failure(let group) = scan.declared[0].preparation,
            case .failure(let broken) = scan.declared[1].preparation
        else { return }
        #expect(group.message.contains("'worker' needs worker processes"))
        #expect(broken.message == "b is broken")
    }
}
