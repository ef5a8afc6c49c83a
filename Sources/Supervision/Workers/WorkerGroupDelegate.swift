import RoostDeployment

/// Receives the reports of a worker group, and answers its requests. Called on the supervisor's thread.
protocol WorkerGroupDelegate: AnyObject {
    func workerGroup(_ group: WorkerGroup, reports report: WorkerGroupReport)

    /// A worker has ended. `culprit`: the hash of the responsible generation; `nil` if there is none. Returns whether
    /// this generation is part of a pending change, so that nothing else follows.
    func workerGroup(_ group: WorkerGroup, ended worker: Int, culprit: String?, reason: String) -> Bool

    /// Returns what a worker of this release is started with. `relayListener`: its relay socket, if it exists already.
    /// Throws `HostError`.
    func workerGroup(
        _ group: WorkerGroup, startOf release: Int, on relayListener: RelayListener?
    ) throws -> WorkerStart

    /// Returns the applications that a worker of this release may have loaded.
    func workerGroup(_ group: WorkerGroup, rostersOf release: Int) -> [Roster]
}

enum WorkerGroupReport {
    /// A worker of this release is ready. `faults`: why applications did not start, by their numbers.
    case ready(worker: Int, release: Int, faults: [UInt32: String])
    case prepared(worker: Int, change: Int, faults: [UInt32: String])
    case committed(worker: Int, change: Int)
    /// All workers are ready for the first time.
    case serving
    /// New workers have replaced the others.
    case replaced
    /// The new workers did not start. From now on workers are started with this release.
    case notReplaced(release: Int, reason: String)
    /// The generation with this hash has crashed too many workers, or (`isFirst`) the first start.
    case quarantine(String, isFirst: Bool)
    /// A worker has crashed.
    case crashed(String)
    /// A worker has ended unexpectedly, and is restarted.
    case restarted
    /// The releases that workers still have, or may be started with.
    case releases(Set<Int>)
    /// The relay sockets of the group have changed.
    case relayPathsChanged
    /// All workers have ended, with this exit status.
    case ended(CInt)
}
