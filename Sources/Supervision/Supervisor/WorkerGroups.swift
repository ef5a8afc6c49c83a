import Glibc
import HTTPServer
import Logging
import RoostDeployment
import RoostModules
import RoostSystem

/// The groups of workers, and the sockets by which the workers that accept connections reach those of the others. For the supervisor's one thread.
final class WorkerGroups {
    /// The workers that accept connections; nil: not made yet.
    private var front: WorkerGroup?
    private var others: [String: WorkerGroup] = [:]
    private let run: RunDirectory
    private var lastRelayListener = 0
    /// The relay sockets of each group, as the workers that accept were told.
    private var announced: [String: [String]] = [:]

    init(run: RunDirectory) { self.run = run }

    subscript(name: String?) -> WorkerGroup? {
        guard let name else { return self.front }
        return self.others[name]
    }

    /// The workers that accept come last: they relay to the others.
    var all: [WorkerGroup] { self.relayed + [self.front].compactMap { $0 } }
    /// The groups that are relayed to.
    var relayed: [WorkerGroup] { self.others.sorted { $0.key < $1.key }.map(\.value) }

    func add(_ group: WorkerGroup) {
        if let name = group.name { self.others[name] = group } else { self.front = group }
    }

    func remove(_ name: String) { self.others[name] = nil }

    // MARK: Relays

    /// The users that workers run as, and this process, which binds.
    var relayUsers: Set<UInt32> { Set(self.all.map { $0.plan.privileges.user ?? geteuid() } + [geteuid()]) }

    /// The relay sockets of the workers of each group.
    var relayPaths: [String: [String]] { self.others.mapValues(\.relayPaths) }

    /// Groups some of whose workers cannot be reached, since the socket file is gone.
    var unreachable: [String] { self.relayPaths.filter { $0.value.contains { access($0, F_OK) != 0 } }.map(\.key) }

    /// Makes a socket for one worker that the workers that accept can connect to, and nobody else. Throws `HostError`.
    func makeRelayListener() throws -> RelayListener {
        self.lastRelayListener += 1
        var access = BindAddress.UnixAccess()
        access.mode = 0o600
        access.user = self.front?.plan.privileges.user.map { "\($0)" }
        let path = "\(self.run.boot)/worker\(self.lastRelayListener)"
        do {
            return RelayListener(try Listener(unix: path, access: access, backlog: 256))
        } catch {
            throw HostError(code: .runDirectory, message: "cannot create a socket for a worker: \(error)", cause: error)
        }
    }

    /// Tells the workers that accept where the others answer now, where that is new.
    func announceRelayPaths() {
        guard let front = self.front else { return }
        let paths = self.relayPaths
        for (name, paths) in paths where self.announced[name] != paths {
            front.send(.groupSockets(group: name, paths: paths), areReady: true)
        }
        for name in self.announced.keys where paths[name] == nil {
            front.send(.groupSockets(group: name, paths: []), areReady: false)
        }
        self.announced = paths
    }

    /// Tells one of the workers that accept: what it was started with may be old.
    func announceRelayPaths(to worker: Int) {
        for (name, paths) in self.relayPaths {
            self.front?.send(.groupSockets(group: name, paths: paths), to: worker)
        }
    }
}
