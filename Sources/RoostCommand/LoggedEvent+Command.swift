import Logging
import RoostSystem

extension LoggedEvent {
    static let serving = LoggedEvent(.info, "serving", "The server has started; the fields describe it.")
    static let startFailed = LoggedEvent(.critical, "start failed", "The server could not start; it exits.")
    static let stopFailed = LoggedEvent(.critical, "stop failed", "The shutdown failed; the process exits.")
    static let defaultSettingsMissing = LoggedEvent(
        .info, "default settings module not found",
        "The settings module that the module names by default does not exist; its built-in values are used.")
    static let variableUnknown = LoggedEvent(
        .warning, "unknown environment variable ignored", "A variable that starts with ROOST_ is not an option.")
    static let noLogFiles = LoggedEvent(
        .info, "no log files to reopen", "SIGUSR1 has no effect: logs go to standard output and standard error.")
    static let stopTimedOut = LoggedEvent(
        .error, "shutdown timed out", "The shutdown took longer than --timeout-stop; the process exits at once.")
    static let stopNotLimited = LoggedEvent(
        .warning, "shutdown has no time limit",
        "No thread could be created to end the shutdown after --timeout-stop.")

    static let ofCommand = [
        serving, startFailed, stopFailed, defaultSettingsMissing, variableUnknown, noLogFiles, stopTimedOut,
        stopNotLimited,
    ]
}
