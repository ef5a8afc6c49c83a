package import Logging
package import RoostSystem

/// What a driver does for a `DeploymentState`. Groups are named; nil: the workers that accept connections.
package enum DeploymentAction {
    /// Scan the files, and report the outcome by `scanned`.
    case scan(ScanOrder)
    /// The files were acted on in these states: only what differs from them is a change.
    case accept(FileMarks)

    /// Start the workers of a group.
    case startGroup(String)
    /// Stop them.
    case stopGroup(String)
    /// Have these workers start applications for a change, and report by `prepared`.
    case prepare(group: String?, workers: [Int], change: Int, [DeployedApplication])
    /// Have these workers mount applications that they have prepared (`mounting`) and stand-ins for new ones that did not start (`instead`), and unmount
    /// others; then report by `committed`.
    case commit(
        group: String?, workers: [Int], change: Int, mounting: Set<UInt32>, removing: Set<UInt32>,
        instead: [DeployedApplication])
    /// Workers of the group's current release have become this release.
    case setRelease(group: String?, Int)
    /// No change is under way in the group any more.
    case changeEnded(group: String?)
    /// Start workers of this release, and drain the others when those are ready; report by `replaced` or `notReplaced`. `pardoned`: hashes of generations
    /// whose crashes are forgotten.
    case replaceWorkers(group: String?, release: Int, ReplacementCause, pardoned: [String])
    /// Workers are planned otherwise from here on.
    case adopt(group: String?, WorkerPlan)
    /// End workers that have not answered in time.
    case kill(group: String?, workers: [Int], reason: String)
    /// Remove copies of modules, except these.
    case removeCopies(except: [String])

    case log(LoggedEvent, Logger.Metadata)
    /// Answer everybody who waits for a reload. `fault`: why something was refused; nil: everything serves.
    case answerReload(String, fault: String?)
}

/// Why workers are replaced.
package enum ReplacementCause: Equatable, Sendable {
    /// A change: the release before goes on when the new one does not start.
    case reload
    /// An application of the release before has crashed its workers too often.
    case quarantine
}
