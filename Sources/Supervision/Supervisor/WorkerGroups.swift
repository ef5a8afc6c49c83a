import Glibc
import HTTPServer
import Logging
import RoostDeployment
import RoostModules
import RoostSystem

/// The worker groups, and the relay sockets by which the front workers reach the others. For the supervisor's one
/// thread.
///
/// The front workers are those that accept client connections.
final class WorkerGroups {
    /// The front workers; `nil` before they are added.
    private var front: WorkerGroup?
    private var others: [String: WorkerGroup] = [:]
    private let run: RunDirectory
    private var lastRelayListener = 0
    /// The relay sockets of each group that were last announced to the front workers.
    private var announced: [String: [String]] = [:]

    init(run: RunDirectory) { self.run = run }

    subscript(name: String?) -> WorkerGroup? {
        guard let name else { return self.front }
        return self.others[name]
    }

    /// All groups. The front workers come last, since they relay to the others.
    var all: [WorkerGroup] { self.relayed + [self.front].compactMap { $0 } }
    /// The groups that the front workers relay to.
    var relayed: [WorkerGroup] { self.others.sorted { $0.key < $1.key }.map(\.value) }

    func add(_ group: WorkerGroup) {
        if let name = group.name { self.others[name] = group } else { self.front = group }
    }

    func remove(_ name: String) { self.others[name] = nil }

    // MARK: Relay sockets

    /// The user ids of all workers, and of this process, which binds the sockets.
    var relayUsers: Set<UInt32> { Set(self.all.map { $0.plan.privileges.user ?? geteuid() } + [geteuid()]) }

    /// The relay sockets of the workers of each group.
    var relayPaths: [String: [String]] { self.others.mapValues(\.relayPaths) }

    /// The groups with a worker that cannot be reached, since its socket file is gone.
    var unreachable: [String] { self.relayPaths.filter { $0.value.contains { access($0, F_OK) != 0 } }.map(\.key) }

    /// Creates a relay socket for one worker, to which only the front workers can connect. Throws `HostError`.
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

    /// Sends the relay sockets that have changed to the front workers.
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

    /// Sends all relay sockets to one front worker, since those of its order may be outdated.
    func announceRelayPaths(to worker: Int) {
        for (name, paths) in self.relayPaths {
            self.front?.send(.groupSockets(group: name, paths: paths), to: worker)
        }
    }
}
