import RoostDeployment

/// What a group of workers reports, and what it asks for. Called on the supervisor's thread.
protocol WorkerGroupDelegate: AnyObject {
    func workerGroup(_ group: WorkerGroup, reports report: WorkerGroupReport)

    /// A worker has ended. `culprit`: the hash of the generation that is responsible; nil: none is. Returns whether that is part of a change, so that
    /// nothing else follows from it.
    func workerGroup(_ group: WorkerGroup, ended worker: Int, culprit: String?, reason: String) -> Bool

    /// What a worker of this release is started with. Throws `HostError`.
    func workerGroup(_ group: WorkerGroup, startOf release: Int) throws -> WorkerStart

    /// The applications that a worker of this release may have loaded.
    func workerGroup(_ group: WorkerGroup, rostersOf release: Int) -> [Roster]
}

enum WorkerGroupReport {
    /// A worker of this release is ready, but for applications that did not start.
    case ready(worker: Int, release: Int, faults: [UInt32: String])
    case prepared(worker: Int, change: Int, faults: [UInt32: String])
    case committed(worker: Int, change: Int)
    /// All workers are there for the first time.
    case serving
    /// New workers serve in place of the others.
    case replaced
    /// They did not start; workers are started with this release from here on.
    case notReplaced(release: Int, reason: String)
    /// The generation with this hash has crashed too many workers, or the first (`isFirst`).
    case quarantine(String, isFirst: Bool)
    /// A worker has crashed.
    case crashed(String)
    /// A worker has ended that another one replaces.
    case restarted
    /// The releases that workers have, or may be started with, are fewer.
    case releases(Set<Int>)
    /// Other workers can be reached than before.
    case relayPathsChanged
    /// All workers have ended, with this exit status.
    case ended(CInt)
}

/// What a worker is started with.
struct WorkerStart {
    let roster: Roster
    let order: WorkerOrder
    /// The listening sockets of the order's addresses.
    let listeners: [CInt]
    /// The socket that other workers reach it by; nil: it accepts connections of clients. Whoever asked for it closes it.
    let relayListener: RelayListener?
}
