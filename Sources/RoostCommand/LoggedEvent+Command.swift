import Logging
import RoostSystem

extension LoggedEvent {
    static let serving = LoggedEvent(.info, "serving", "The server has started; the fields describe it.")
    static let startFailed = LoggedEvent(.critical, "start failed", "The server could not start; it exits.")
    static let defaultSettingsMissing = LoggedEvent(
        .info, "default settings module not found",
        "The settings module that the module names by default does not exist; its built-in values are used.")
    static let variableUnknown = LoggedEvent(
        .warning, "unknown environment variable ignored", "A variable that starts with ROOST_ is not an option.")
    static let optionIgnored = LoggedEvent(
        .info, "option has no effect",
        "An option of another server that Roost accepts without an effect; with the reason.")
    static let groupOfItsOwn = LoggedEvent(
        .info, "application has its own worker group",
        "A second Python application runs in an interpreter of its own; `worker` in its entry names another group.")

    static let ofCommand = [
        serving, startFailed, defaultSettingsMissing, variableUnknown, optionIgnored, groupOfItsOwn,
    ]
}
