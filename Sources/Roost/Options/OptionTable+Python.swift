import RoostPython
import RoostSettings

/// Options: Python applications.
extension OptionTable {
    static let python: [ServerOption] = [
        .optionalText(
            "python", \.python.interpreter,
            unset: "that of pip, else $VIRTUAL_ENV, else .venv below --app-dir, else python3 in $PATH",
            "Python interpreter, or virtual environment, of Python applications."
        ).commandOnly(Self.noInterpreter),
        .choice(
            "interface", \.python.interface, among: PythonOptions.Interface.allCases,
            "Protocol of Python applications: auto finds it out by the parameters of the application."
        ).commandOnly(Self.noInterpreter),
        .flag("factory", \.python.isFactory, "Call the attribute MODULE:ATTRIBUTE: it returns the application.")
            .commandOnly(Self.noInterpreter),
        .choice(
            "loop", \.python.loop, among: PythonOptions.Loop.allCases,
            "Event loop of Python applications: auto is uvloop if it is installed, else asyncio."
        ).commandOnly(Self.noInterpreter),
        .optionalText(
            "log-config", \.python.logConfiguration,
            "File that configures Python's logging: .json, .yaml, or else in the format of logging.config.fileConfig."
        ).commandOnly(Self.noInterpreter),
        .flag(
            "lanes", \.python.usesLanes, isNegatable: true,
            "Run the jobs of run_in_executor, as those of Django's synchronous views, on native threads that are kept."
        ).commandOnly(Self.noInterpreter),
        .flag(
            "cancel-on-disconnect", \.python.cancelsOnDisconnect,
            "Cancel the task of a Python request when its client disconnects."
        ).commandOnly(Self.noInterpreter),
        .count(
            "wsgi-threads", \.python.wsgiThreads, 1...1024, "Maximum number of threads that call WSGI applications."
        ).commandOnly(Self.noInterpreter),
        .count(
            "limit-wsgi", \.python.wsgiQueue, .limit,
            "Maximum number of WSGI requests that wait for a thread (503 above it)."
        ).commandOnly(Self.noInterpreter),
    ]

    private static let noInterpreter = "an embedded host starts no interpreter"
}
