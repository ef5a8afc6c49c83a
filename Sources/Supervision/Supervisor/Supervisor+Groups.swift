import Glibc
import HTTPServer
import Logging
import RoostDeployment
import RoostModules
import RoostSystem

/// Groups of workers, and how those that accept reach the others.
extension Supervisor {
    /// Those that accept last: they ask the others.
    var all: [WorkerGroup] { self.groups.sorted { $0.key < $1.key }.map(\.value) + [self.front] }

    /// All applications, as they are in the workers that have them.
    var roster: Roster {
        var rosters: [String?: Roster] = [nil: self.front.roster]
        for (name, group) in self.groups { rosters[name] = group.roster }
        return self.wanted.updated(by: rosters)
    }

    /// Workers for the applications that want this group. They are started by whoever adds it.
    @discardableResult
    func addGroup(_ name: String) -> WorkerGroup {
        let group = WorkerGroup(
            self, name: name, self.plan.deployment.plan(of: name), self.wanted.view(of: name))
        self.groups[name] = group
        return group
    }

    // MARK: The ways between them

    /// Who workers are, and this process, which binds.
    var relayUsers: Set<UInt32> {
        Set(self.all.map { $0.workerPlan.privileges.user ?? geteuid() } + [geteuid()])
    }

    /// Where the workers of each group answer.
    var ways: [String: [String]] { self.groups.mapValues(\.ways) }

    /// A socket for one worker, by which those that accept ask it, and nobody else can. Throws `HostError`.
    func makeDoor() throws -> Listener {
        self.lastDoor += 1
        var access = BindAddress.UnixAccess()
        access.mode = 0o600
        access.user = self.front.workerPlan.privileges.user.map { "\($0)" }
        do {
            return try Listener(unix: "\(self.plan.run.boot)/door\(self.lastDoor)", access: access, backlog: 256)
        } catch { throw HostError(code: .runDirectory, message: "no door to a worker: \(error)", cause: error) }
    }

    /// Tells those that accept where the others answer now, if that is new.
    func tellWays() {
        guard self.front != nil else { return }
        let ways = self.ways
        for (name, paths) in ways where self.toldWays[name] != paths {
            for worker in self.front.workers where self.front.fleet.member(worker.id)?.state != .starting {
                worker.tell(Self.message(name, paths))
            }
        }
        for name in self.toldWays.keys where ways[name] == nil {
            for worker in self.front.workers { worker.tell(Self.message(name, [])) }
        }
        self.toldWays = ways
    }

    func tellWays(to worker: WorkerHandle) {
        for (name, paths) in self.ways { worker.tell(Self.message(name, paths)) }
    }

    private static func message(_ group: String, _ paths: [String]) -> Message {
        Message("group", ["name": group, "paths": paths.joined(separator: "\n")])
    }
}
