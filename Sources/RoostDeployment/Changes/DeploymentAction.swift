package import Logging
package import RoostSystem

/// An action that a `DeploymentState` requests from its driver. Groups are identified by name; nil is the group of the
/// workers that accept connections.
package enum DeploymentAction {
    /// Scan the files, and report the outcome with `scanned`.
    case scan(ScanOrder)
    /// These states of the files were acted on: only other states are changes.
    case accept(FileMarks)

    /// Start the workers of a group.
    case startGroup(String)
    /// Stop the workers of a group.
    case stopGroup(String)
    /// Have these workers start applications for a change, and report with `prepared`.
    case prepare(group: String?, workers: [Int], change: Int, [DeployedApplication])
    /// Have these workers mount applications that they have prepared (`mounting`), mount stand-ins for new ones that
    /// did not start (`instead`), and unmount others (`removing`); then report with `committed`.
    case commit(
        group: String?, workers: [Int], change: Int, mounting: Set<UInt32>, removing: Set<UInt32>,
        instead: [DeployedApplication])
    /// The workers of the group's current release have this release from now on.
    case setRelease(group: String?, Int)
    /// The change in the group has ended.
    case changeEnded(group: String?)
    /// Start workers of this release, and drain the others when those are ready; report with `replaced` or
    /// `notReplaced`. `pardoned`: hashes of generations whose crashes are forgotten.
    case replaceWorkers(group: String?, release: Int, ReplacementCause, pardoned: [String])
    /// Use this plan for the workers of a group from now on.
    case adopt(group: String?, WorkerPlan)
    /// Kill workers that have not answered in time.
    case kill(group: String?, workers: [Int], reason: String)
    /// Remove copies of modules, except these.
    case removeCopies(except: [String])

    case log(LoggedEvent, Logger.Metadata)
    /// Answer all callers that wait for a reload. `fault`: why something was refused; nil if nothing was.
    case answerReload(String, fault: String?)
}

/// Why workers are replaced.
package enum ReplacementCause: Equatable, Sendable {
    /// A change: the previous release keeps serving if the new one does not start.
    case reload
    /// An application of the previous release has crashed its workers too often.
    case quarantine
}
