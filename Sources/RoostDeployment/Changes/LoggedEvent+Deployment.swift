import Logging
package import RoostSystem

extension LoggedEvent {
    package static let mounted = LoggedEvent(.info, "mounted", "An application is served at a mount.")
    package static let unmounted = LoggedEvent(.info, "unmounted", "An application is no longer served.")
    package static let reloaded = LoggedEvent(
        .info, "reloaded", "A new generation is served in all workers; `by` is `in place` or `new workers`.")
    package static let reloadFailed = LoggedEvent(
        .error, "reload failed, previous version still serving", "A change could not be loaded or started.")
    package static let applicationNotServing = LoggedEvent(
        .error, "application not serving", "The application could not be loaded or started; its mount answers 503.")
    package static let applicationQuarantined = LoggedEvent(
        .critical, "application quarantined",
        "The application crashed too often (--limit-crashes). Replace its file, or run `roost reload`.")
    package static let nothingToReload = LoggedEvent(
        .info, "nothing to reload", "A reload found the same files with the same settings.")
    package static let workerReplacementNeeded = LoggedEvent(
        .info, "new worker needed", "The new generation cannot be loaded in the running worker, for this reason.")
    package static let restartNeeded = LoggedEvent(
        .warning, "restart needed", "Changed settings of the server take effect after a restart only.")
    package static let folderUnreadable = LoggedEvent(
        .error, "drop-in folder unreadable",
        "The folder of --modules cannot be read; its applications stay as they are.")

    package static let ofDeployment = [
        mounted, unmounted, reloaded, reloadFailed, applicationNotServing, applicationQuarantined, nothingToReload,
        workerReplacementNeeded, restartNeeded, folderUnreadable,
    ]
}
