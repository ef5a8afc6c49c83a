import Logging
package import RoostSystem

extension LoggedEvent {
    // MARK: Workers

    static let workerReady = LoggedEvent(.debug, "worker ready", "A worker accepts connections.")
    static let workerStopped = LoggedEvent(.debug, "worker stopped", "A worker exited as requested.")
    static let workerExited = LoggedEvent(
        .error, "worker exited", "A worker exited unexpectedly, with this status or by this signal.")
    static let workerCrashed = LoggedEvent(
        .error, "worker crashed",
        "Code in a worker crashed, or a module called exit. `fault=roost` marks a fault of Roost itself: report it.")
    static let workerNotReady = LoggedEvent(
        .critical, "worker failed to start", "A worker exited before it was ready; `output` is what it wrote last.")
    static let workerNotStarted = LoggedEvent(.error, "cannot start worker", "The worker process could not be created.")
    static let standbyNotStarted = LoggedEvent(
        .warning, "cannot start standby",
        "The interpreter for the next version of a Python application could not be started; that version starts slower."
    )
    static let standbyEnded = LoggedEvent(
        .warning, "standby ended",
        "The interpreter for the next version of a Python application has ended before it was needed.")
    static let workerReplaced = LoggedEvent(
        .info, "replacing worker", "A worker drains, and another one takes its place, for this reason.")
    static let workerKilled = LoggedEvent(
        .warning, "killing worker", "A worker did not exit in time, and is killed.")
    static let workerMessageInvalid = LoggedEvent(
        .error, "worker sent an invalid message", "The worker is killed: a module may have written into its channel.")
    static let workersCrashLooping = LoggedEvent(
        .warning, "workers are crash-looping", "Workers exit soon after their start; `restart` is the back-off.")
    static let eventLoopStalled = LoggedEvent(
        .error, "event loop stalled", "An event loop made no progress for --timeout-worker; its worker is replaced.")

    // MARK: Sockets

    static let socketFileMissing = LoggedEvent(
        .error, "socket file missing", "Clients cannot connect. `roost reload` creates the file again.")
    static let socketFileCreated = LoggedEvent(.info, "socket file created", "A missing Unix socket was created again.")
    static let socketFileNotCreated = LoggedEvent(
        .error, "cannot create socket file", "A missing Unix socket could not be created again.")
    static let controlSocketFailed = LoggedEvent(
        .error, "cannot create control socket", "`roost status` and `roost reload` cannot reach this server.")

    // MARK: Sources

    static let building = LoggedEvent(.info, "building", "Sources have changed; the command of --build runs.")
    static let buildFailed = LoggedEvent(
        .error, "build failed, previous version still serving", "The output of the command precedes this line.")
    static let buildNotStarted = LoggedEvent(.error, "cannot start build", "The command of --build could not be run.")
    static let tooManySources = LoggedEvent(
        .warning, "too many sources", "Not all of them are watched: see --reload-limit and --reload-exclude.")

    // MARK: The server

    package static let stopping = LoggedEvent(.info, "stopping", "A graceful shutdown begins.")
    package static let reloading = LoggedEvent(.info, "reloading", "A reload was requested, by signal or by command.")

    static let stopFailed = LoggedEvent(.critical, "stop failed", "The shutdown failed; the process exits.")
    static let noLogFiles = LoggedEvent(
        .info, "no log files to reopen", "SIGUSR1 has no effect: logs go to standard output and standard error.")
    static let stopTimedOut = LoggedEvent(
        .error, "shutdown timed out", "The shutdown took longer than --timeout-stop; the process exits at once.")
    static let stopNotLimited = LoggedEvent(
        .warning, "shutdown has no time limit",
        "No thread could be created to end the shutdown after --timeout-stop.")

    package static let ofSupervision = [
        workerReady, workerStopped, workerExited, workerCrashed, workerNotReady, workerNotStarted, standbyNotStarted,
        standbyEnded, workerReplaced, workerKilled, workerMessageInvalid, workersCrashLooping, eventLoopStalled,
        socketFileMissing, socketFileCreated, socketFileNotCreated, controlSocketFailed, building, buildFailed,
        buildNotStarted, tooManySources, stopping, reloading, stopFailed, noLogFiles, stopTimedOut, stopNotLimited,
    ]
}
